import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../../../core/test/fakes.ts'
import { ConfigurationError } from '@kube-authn/core'
import {
  legacyServiceAccountToken,
  legacyTokenClaims,
  signingKeyFromPem,
} from '@kube-authn/core/service-account'
import { readJwt } from '@kube-authn/core/oidc'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { serviceAccountStore, type ServiceAccountStore } from '../service-account-store.ts'
import type { TokensControllerStore } from '../stores.ts'
import { tokensController, type TokensControllerOptions } from './tokens-controller.ts'

const NAME = 'kubernetes.io/service-account.name'
const UID = 'kubernetes.io/service-account.uid'
const account = { namespace: 'ns', name: 'sa', uid: 'u1' }
const key = await signingKeyFromPem(
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString(),
)

function secretOf(data: Readonly<Record<string, string>> = {}, rest: Partial<Secret> = {}): Secret {
  return {
    namespace: 'ns',
    name: 's',
    uid: 's1',
    type: 'kubernetes.io/service-account-token',
    annotations: { [NAME]: 'sa' },
    data,
    ...rest,
  }
}

const complete = { token: 'T', namespace: 'ns', 'ca.crt': 'CA' }

interface Given extends Partial<TokensControllerOptions> {
  readonly accounts?: readonly (typeof account & { readonly secrets?: readonly string[] })[]
  readonly secrets?: readonly Secret[]
  /** What the store does otherwise. */
  readonly otherwise?: (store: ServiceAccountStore) => Partial<TokensControllerStore>
}

function controllerOf({ accounts = [account], secrets = [], otherwise, ...options }: Given = {}) {
  const clock = fixedClock()
  const errors: unknown[] = []
  const store = serviceAccountStore({ serviceAccounts: accounts, secrets })
  const controller = tokensController({
    store: { ...store, ...otherwise?.(store) },
    signingKey: key,
    rootCA: 'CA',
    clock,
    onError: (error) => void errors.push(error),
    ...options,
  })
  return { clock, errors, store, controller }
}

/** Signing takes a while that no clock of ours measures. */
const eventually = (isSo: () => void): Promise<void> => vi.waitFor(isSo, { interval: 1 })

/** Waits for the ten times that something is tried again, and sees that there is no eleventh. */
async function afterRetries({ clock, errors }: ReturnType<typeof controllerOf>): Promise<void> {
  for (let failures = 2; failures <= 11; failures++) {
    clock.advance(10_000)
    await eventually(() => expect(errors).toHaveLength(failures))
  }
  expect(clock.pending).toBe(0)
}

const down = (): never => {
  throw new Error('down')
}

describe('a secret with a token', () => {
  it('gets a token, its namespace and the root CA, and names its service account', async () => {
    const { controller, store } = controllerOf({ secrets: [secretOf()] })
    await controller.checkSecret(secretOf())
    const secret = store.getSecret('ns', 's')
    expect(secret?.data).toEqual({
      token: expect.stringMatching(/^ey/),
      namespace: 'ns',
      'ca.crt': 'CA',
    })
    expect(secret?.annotations).toEqual({ [NAME]: 'sa', [UID]: 'u1' })
    expect(readJwt(secret?.data['token'] ?? '')?.claims).toEqual(legacyTokenClaims(account, 's'))
  })

  it('holds a token that authenticates, until its service account is deleted', async () => {
    const { controller, store } = controllerOf({ secrets: [secretOf()] })
    store.watch(controller)
    await eventually(() => expect(store.getSecret('ns', 's')?.data).toHaveProperty('token'))
    const tokens = legacyServiceAccountToken({
      keys: [key.verificationKey],
      audiences: ['api'],
      objects: store,
    })
    const token = store.getSecret('ns', 's')?.data['token'] ?? ''
    const answer = await tokens.authenticateToken(token, {})
    expect(answer?.user.username).toBe('system:serviceaccount:ns:sa')
    store.deleteServiceAccount('ns', 'sa')
    await settled()
    expect(store.listSecrets()).toEqual([])
    expect(await thrownBy(() => tokens.authenticateToken(token, {}))).toMatchObject({ code: 'rejected' })
  })

  it.each([
    ['everything', { token: 'T', namespace: 'other', 'ca.crt': 'CA' }],
    ['everything, and more', { ...complete, ['__proto__']: 'x', more: 'y' }],
  ])('is left alone when it has %s', async (_, data) => {
    const { controller, store } = controllerOf({ secrets: [secretOf(data)] })
    const before = store.getSecret('ns', 's')
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')).toBe(before)
  })

  it.each([
    ['a namespace', { token: 'T', 'ca.crt': 'CA' }],
    ['more than an empty namespace', { ...complete, namespace: '' }],
    ['the root CA', { token: 'T', namespace: 'ns' }],
    ['the root CA of now', { ...complete, 'ca.crt': 'old' }],
  ])('gets what it lacks: %s', async (_, data) => {
    const { controller, store } = controllerOf({ secrets: [secretOf(data)] })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')).toMatchObject({
      data: complete,
      annotations: { [NAME]: 'sa', [UID]: 'u1' },
    })
  })

  it('keeps a namespace that is another, what else is in it, and its labels', async () => {
    const data = { namespace: 'other', more: 'y' }
    const { controller, store } = controllerOf({ secrets: [secretOf(data, { labels: { l: 'x' } })] })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')).toMatchObject({ data, labels: { l: 'x' } })
  })

  it('is not given what its prototype has', async () => {
    const data: Readonly<Record<string, string>> = Object.create(complete)
    const { controller, store } = controllerOf({ secrets: [secretOf(data)] })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')?.data['token']).toMatch(/^ey/)
  })

  it('gets no root CA, and keeps the one it has, when there is none', async () => {
    const { controller, store } = controllerOf({ secrets: [secretOf({ 'ca.crt': 'own' })], rootCA: '' })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')?.data['ca.crt']).toBe('own')
  })

  it.each<[string, Given]>([
    ['there is no service account of this name', { accounts: [] }],
    ['the service account is in another namespace', { accounts: [{ ...account, namespace: 'other' }] }],
    ['there is another service account of this name', { accounts: [{ ...account, uid: 'u2' }] }],
  ])('is deleted when %s', async (_, given) => {
    const secret = secretOf(complete, { annotations: { [NAME]: 'sa', [UID]: 'u1' } })
    const { controller, store } = controllerOf({ secrets: [secret], ...given })
    await controller.checkSecret(secret)
    expect(store.getSecret('ns', 's')).toBeUndefined()
  })

  it.each(['__proto__', 'constructor', 'toString'])(
    'is deleted when it names %s, which does not exist',
    async (name) => {
      const secret = secretOf({}, { annotations: JSON.parse(`{"${NAME}":"${name}"}`) })
      const { controller, store } = controllerOf({ secrets: [secret] })
      await controller.checkSecret(secret)
      expect(store.listSecrets()).toEqual([])
    },
  )

  it.each<[string, Partial<Secret>]>([
    ['is of another type', { type: 'Opaque' }],
    ['names no service account', { annotations: {} }],
    ['names no service account but in its prototype', { annotations: Object.create({ [NAME]: 'sa' }) }],
    ['names an empty one', { annotations: { [NAME]: '' } }],
  ])('is left alone when it %s', async (_, rest) => {
    const { controller, store } = controllerOf({ accounts: [], secrets: [secretOf({}, rest)] })
    const before = store.listSecrets()
    await controller.checkSecret(secretOf({}, rest))
    await controller.checkSecret(secretOf())
    expect(store.listSecrets()).toEqual(before)
  })

  it('is judged as it is now, not as it was seen', async () => {
    const { controller, store } = controllerOf({ secrets: [secretOf()] })
    await controller.checkSecret(secretOf({}, { annotations: { [NAME]: 'sa', [UID]: 'gone' } }))
    expect(store.getSecret('ns', 's')?.data['token']).toMatch(/^ey/)
  })

  it('is not deleted in the place of one that was looked at before it', async () => {
    const { controller, store } = controllerOf({
      accounts: [],
      secrets: [secretOf()],
      otherwise: (inner) => ({
        getServiceAccount: () => {
          inner.deleteSecret('ns', 's', {})
          inner.createSecret(secretOf({}, { uid: 's2' }))
          return undefined
        },
      }),
    })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')?.uid).toBe('s2')
  })

  it('keeps a token that was added meanwhile', async () => {
    const { controller, store, errors, clock } = controllerOf({
      secrets: [secretOf()],
      otherwise: (inner) => ({
        getServiceAccount(namespace, name) {
          inner.patchSecret('ns', 's', { data: { token: 'theirs' } }, {})
          return inner.getServiceAccount(namespace, name)
        },
      }),
    })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')?.data).toEqual({ token: 'theirs' })
    expect(errors).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('is given one token by several who look at once', async () => {
    const { controller, store } = controllerOf({ secrets: [secretOf()] })
    const versions = new Set<unknown>()
    store.watch({
      checkServiceAccount: () => 0,
      checkSecret: ({ resourceVersion }) => versions.add(resourceVersion),
    })
    const other = tokensController({ store, signingKey: key, rootCA: 'CA' })
    await Promise.all([
      controller.checkSecret(secretOf()),
      controller.checkSecret(secretOf()),
      other.checkSecret(secretOf()),
    ])
    expect(versions.size).toBe(2)
  })

  it.each<[string, Given]>([
    ['it cannot be read', { otherwise: () => ({ getSecret: down }) }],
    ['its service account cannot be read', { otherwise: () => ({ getServiceAccount: down }) }],
    ['it cannot be written', { otherwise: () => ({ patchSecret: down }) }],
    ['it cannot be deleted', { accounts: [], otherwise: () => ({ deleteSecret: down }) }],
  ])('stays as it is when %s, and is looked at again ten times', async (_, given) => {
    const controlled = controllerOf({ secrets: [secretOf()], ...given })
    const { controller, store, errors } = controlled
    const before = store.getSecret('ns', 's')
    await controller.checkSecret(secretOf())
    expect(errors).toEqual([new Error('down')])
    await afterRetries(controlled)
    expect(store.getSecret('ns', 's')).toBe(before)
  })

  it('is given its token when the store is back', async () => {
    let isDown = true
    const { controller, store, clock } = controllerOf({
      secrets: [secretOf()],
      otherwise: (inner) => ({
        getServiceAccount: (namespace, name) => (isDown ? down() : inner.getServiceAccount(namespace, name)),
      }),
    })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')?.data).toEqual({})
    isDown = false
    clock.advance(5)
    await eventually(() => expect(store.getSecret('ns', 's')?.data['token']).toMatch(/^ey/))
    expect(clock.pending).toBe(0)
  })
})

describe('a secret that is gone', () => {
  const seen = secretOf(complete, { annotations: { [NAME]: 'sa', [UID]: 'u1' } })
  const naming = { ...account, secrets: ['other', 's', 's'] }

  it('is no longer named by its service account', async () => {
    const { controller, store } = controllerOf({ accounts: [naming] })
    await controller.checkSecret(seen)
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['other'])
  })

  it('is no longer named when another took its place, which was not made for the service account', async () => {
    const { controller, store } = controllerOf({
      accounts: [naming],
      secrets: [secretOf(complete, { uid: 's2' })],
    })
    await controller.checkSecret(seen)
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['other'])
    expect(store.getSecret('ns', 's')?.data).toEqual(complete)
  })

  it.each<[string, Given, Secret]>([
    ['the service account is another by now', { accounts: [{ ...naming, uid: 'u2' }] }, seen],
    ['the service account does not name it', { accounts: [{ ...account, secrets: ['other'] }] }, seen],
    ['the service account names none', { accounts: [account] }, seen],
    ['it was of another type', { accounts: [naming] }, { ...seen, type: 'Opaque' }],
    [
      'it was of another service account',
      { accounts: [naming] },
      secretOf({}, { annotations: { [NAME]: 'x' } }),
    ],
  ])('changes nothing when %s', async (_, given, secret) => {
    const { controller, store, errors } = controllerOf(given)
    const before = store.getServiceAccount('ns', 'sa')
    await controller.checkSecret(secret)
    expect(store.getServiceAccount('ns', 'sa')).toBe(before)
    expect(errors).toEqual([])
  })

  it('changes nothing when the service account is gone as well', async () => {
    const { controller, errors } = controllerOf({ accounts: [] })
    await controller.checkSecret(seen)
    expect(errors).toEqual([])
  })

  it('is removed from what the service account names by now', async () => {
    let changes = 0
    const { controller, store, errors } = controllerOf({
      accounts: [naming],
      otherwise: (inner) => ({
        setSecretReferences(namespace, name, names, precondition) {
          if (changes++ < 3) inner.setSecretReferences(namespace, name, ['s', `new-${changes}`], {})
          return inner.setSecretReferences(namespace, name, names, precondition)
        },
      }),
    })
    await controller.checkSecret(seen)
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['new-3'])
    expect(errors).toEqual([])
  })

  it('gives up when the service account never stops changing', async () => {
    let attempts = 0
    const { controller, errors, clock } = controllerOf({
      accounts: [naming],
      maxRetries: 0,
      otherwise: () => ({
        setSecretReferences() {
          attempts++
          return false
        },
      }),
    })
    await controller.checkSecret(seen)
    expect(attempts).toBe(10)
    expect(errors).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })
})

describe('a service account that is gone', () => {
  const named = secretOf(complete, { annotations: { [NAME]: 'sa', [UID]: 'u1' } })

  it('takes all its secrets with it, and no others', async () => {
    const others = [
      secretOf(complete, { name: 'opaque', type: 'Opaque' }),
      secretOf(complete, { name: 'of-another', annotations: { [NAME]: 'other' } }),
      secretOf(complete, { name: 'of-a-namesake', annotations: { [NAME]: 'sa', [UID]: 'u2' } }),
      secretOf(complete, { name: 'elsewhere', namespace: 'other' }),
    ]
    const { controller, store } = controllerOf({
      accounts: [],
      secrets: [named, secretOf({}, { name: 'hand-made' }), ...others],
    })
    await controller.checkServiceAccount(account)
    expect(store.listSecrets().map(({ name }) => name)).toEqual(others.map(({ name }) => name))
  })

  it('takes its secrets with it when another has its name, but not those of that one', async () => {
    const { controller, store } = controllerOf({
      accounts: [{ ...account, uid: 'u2' }],
      secrets: [
        named,
        secretOf({}, { name: 'hand-made' }),
        secretOf(complete, { name: 'new', annotations: { [NAME]: 'sa', [UID]: 'u2' } }),
      ],
    })
    await controller.checkServiceAccount(account)
    expect(store.listSecrets().map(({ name }) => name)).toEqual(['hand-made', 'new'])
  })

  it('takes those of its secrets with it that can be deleted, and the others later', async () => {
    let isDown = true
    const { controller, store, errors, clock } = controllerOf({
      accounts: [],
      secrets: ['a', 'b', 'c'].map((name) => secretOf(complete, { name, uid: name })),
      otherwise: (inner) => ({
        deleteSecret(namespace, name, precondition) {
          if (isDown && name === 'b') down()
          inner.deleteSecret(namespace, name, precondition)
        },
      }),
    })
    await controller.checkServiceAccount(account)
    expect(store.listSecrets().map(({ name }) => name)).toEqual(['b'])
    expect(errors).toEqual([
      new AggregateError(
        [new Error('down')],
        'some secrets of a deleted service account could not be deleted',
      ),
    ])
    isDown = false
    clock.advance(5)
    await settled()
    expect(store.listSecrets()).toEqual([])
  })

  it('deletes no secret when the service account cannot be read', async () => {
    const { controller, store } = controllerOf({
      accounts: [],
      secrets: [named],
      otherwise: () => ({ getServiceAccount: down }),
    })
    await controller.checkServiceAccount(account)
    expect(store.listSecrets()).toHaveLength(1)
  })
})

describe('a service account', () => {
  it('is given no secret by default', async () => {
    const { controller, store } = controllerOf()
    await controller.checkServiceAccount(account)
    expect(store.listSecrets()).toEqual([])
  })

  it('is given a secret in the way of old releases', async () => {
    const { controller, store } = controllerOf({ createSecrets: true })
    await controller.checkServiceAccount(account)
    const [secret] = store.listSecrets()
    expect(secret).toMatchObject({
      name: expect.stringMatching(/^sa-token-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
      type: 'kubernetes.io/service-account-token',
      annotations: { [NAME]: 'sa', [UID]: 'u1' },
      data: { namespace: 'ns', 'ca.crt': 'CA' },
    })
    const claims = readJwt(secret?.data['token'] ?? '')?.claims
    expect(claims).toEqual(legacyTokenClaims(account, secret?.name ?? ''))
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual([secret?.name])
  })

  it('is given one secret, however often it changes', async () => {
    const { controller, store } = controllerOf({ createSecrets: true })
    store.watch(controller)
    await Promise.all(Array.from({ length: 5 }, () => controller.checkServiceAccount(account)))
    await controller.checkServiceAccount(account)
    expect(store.listSecrets()).toHaveLength(1)
  })

  it('is given a secret without a root CA when there is none', async () => {
    const { controller, store } = controllerOf({ createSecrets: true, rootCA: '' })
    await controller.checkServiceAccount(account)
    expect(Object.keys(store.listSecrets()[0]?.data ?? {})).toEqual(['token', 'namespace'])
  })

  it.each<[string, Secret]>([
    ['is not there', secretOf({}, { name: 'x' })],
    ['is no secret with a token', secretOf({}, { type: 'Opaque' })],
    ['is that of another', secretOf({}, { annotations: { [NAME]: 'other' } })],
    ['is that of a namesake', secretOf({}, { annotations: { [NAME]: 'sa', [UID]: 'u2' } })],
  ])('is given another secret when the one it names %s', async (_, secret) => {
    const { controller, store } = controllerOf({
      accounts: [{ ...account, secrets: ['s'] }],
      secrets: [secret],
      createSecrets: true,
    })
    await controller.checkServiceAccount(account)
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['s', expect.stringMatching(/^sa-token-/)])
  })

  it('needs no other secret when it names one, filled or not', async () => {
    const { controller, store } = controllerOf({
      accounts: [{ ...account, secrets: ['x', 's'] }],
      secrets: [secretOf()],
      createSecrets: true,
    })
    await controller.checkServiceAccount(account)
    expect(store.listSecrets()).toHaveLength(1)
  })

  it('does not keep a secret that it does not name, since it changed meanwhile', async () => {
    const { controller, store, errors, clock } = controllerOf({
      createSecrets: true,
      otherwise: (inner) => ({
        createSecret(secret) {
          inner.setSecretReferences('ns', 'sa', ['theirs'], {})
          return inner.createSecret(secret)
        },
      }),
    })
    await controller.checkServiceAccount(account)
    expect(store.listSecrets()).toEqual([])
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['theirs'])
    expect(errors).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('does not leave a secret behind each time that it cannot be changed', async () => {
    const controlled = controllerOf({
      createSecrets: true,
      otherwise: () => ({ setSecretReferences: down }),
    })
    const { controller, store } = controlled
    await controller.checkServiceAccount(account)
    await afterRetries(controlled)
    expect(store.listSecrets()).toEqual([])
  })

  it('is told of a secret that could not be taken back', async () => {
    const { controller, store, errors } = controllerOf({
      createSecrets: true,
      maxRetries: 0,
      otherwise: () => ({
        setSecretReferences: down,
        deleteSecret: () => Promise.reject(new Error('stays')),
      }),
    })
    await controller.checkServiceAccount(account)
    expect(errors).toEqual([new Error('stays'), new Error('down')])
    expect(store.listSecrets()).toHaveLength(1)
  })

  it('is given another name when one is taken', async () => {
    const chances = [0, 0, 0, 0, 0, 0.99, 0.99, 0.99, 0.99, 0.99]
    const taken = secretOf({}, { name: 'sa-token-bbbbb', type: 'Opaque' })
    const { controller, store, clock } = controllerOf({
      secrets: [taken],
      createSecrets: true,
      random: () => chances.shift() ?? 0.5,
    })
    await controller.checkServiceAccount(account)
    clock.advance(5)
    await eventually(() =>
      expect(store.listSecrets().map(({ name }) => name)).toEqual(['sa-token-bbbbb', 'sa-token-99999']),
    )
  })
})

describe('the tokens controller', () => {
  it('says everything that is wrong with its options', async () => {
    const thrown = await thrownBy(() => controllerOf({ maxConcurrent: 0, maxRetries: 1.5 }))
    expect(thrown).toBeInstanceOf(ConfigurationError)
    expect(thrown).toMatchObject({ problems: [{ path: 'maxConcurrent' }, { path: 'maxRetries' }] })
    expect(await thrownBy(() => controllerOf({ maxRetries: Infinity }))).toBeInstanceOf(ConfigurationError)
  })

  it('looks at no more secrets at a time than it may', async () => {
    let now = 0
    let most = 0
    const secrets = Array.from({ length: 50 }, (_, index) =>
      secretOf({}, { name: `s${index}`, uid: `${index}` }),
    )
    const { controller, store } = controllerOf({
      secrets,
      maxConcurrent: 3,
      otherwise: (inner) => ({
        async getSecret(namespace, name) {
          most = Math.max(most, ++now)
          await Promise.resolve()
          now--
          return inner.getSecret(namespace, name)
        },
      }),
    })
    await Promise.all(secrets.map((secret) => controller.checkSecret(secret)))
    expect(most).toBe(3)
    expect(store.listSecrets().every(({ data }) => data['token']?.startsWith('ey'))).toBe(true)
  })

  it('does nothing any more once it is stopped', async () => {
    const { controller, store, clock } = controllerOf({
      secrets: [secretOf()],
      createSecrets: true,
      otherwise: () => ({ getServiceAccount: down }),
    })
    await controller.checkSecret(secretOf())
    await controller.checkServiceAccount(account)
    expect(clock.pending).toBe(2)
    controller.stop()
    expect(clock.pending).toBe(0)
    await controller.checkSecret(secretOf())
    await controller.checkServiceAccount(account)
    expect(store.getSecret('ns', 's')?.data).toEqual({})
  })

  it('never reveals a byte of a token or a key', async () => {
    const tokens: string[] = []
    const { controller, errors } = controllerOf({
      secrets: [secretOf()],
      otherwise: () => ({
        patchSecret(_namespace, _name, { data }) {
          tokens.push(data?.['token'] ?? '')
          down()
        },
      }),
    })
    await controller.checkSecret(secretOf())
    expect(tokens[0]).toMatch(/^ey/)
    expect(errors.map(String).join()).not.toContain(tokens[0])
  })
})
