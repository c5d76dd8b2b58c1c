import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { thrownBy } from '../../../../core/test/fakes.ts'
import { legacyServiceAccountToken } from '@kube-authn/core/service-account'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { legacyTokenClaims } from '@kube-authn/issuer/internal'
import { readJwt } from '@kube-authn/core/oidc'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { serviceAccountStore, type ServiceAccountStore } from '../../../test/service-account-store.ts'
import type { TokenStore } from './registry-token-store.ts'
import { checkSecret, ensureSecret, seenSecretOf, newTokenSecret } from './check-secret.ts'

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

interface Given {
  readonly accounts?: readonly (typeof account & { readonly secrets?: readonly string[] })[]
  readonly secrets?: readonly Secret[]
  readonly rootCA?: string
  readonly random?: () => number
  /** What the store does otherwise. */
  readonly otherwise?: (store: ServiceAccountStore) => Partial<TokenStore>
}

/** What the controller does with one object, and which errors there were. */
function controllerOf({
  accounts = [account],
  secrets = [],
  otherwise,
  rootCA = 'CA',
  random = Math.random,
}: Given = {}) {
  const errors: unknown[] = []
  const fail = (error: unknown): void => void errors.push(error)
  const store = serviceAccountStore({ serviceAccounts: accounts, secrets })
  const used: TokenStore = { ...store, ...otherwise?.(store) }
  const content = { key, rootCA }
  const controller = {
    async checkSecret(secret: Secret): Promise<void> {
      const seen = seenSecretOf(secret)
      if (seen !== undefined) await checkSecret(seen, used, content).catch(fail)
    },
    async ensureSecret(): Promise<void> {
      const found = store.getServiceAccount('ns', 'sa')
      if (found === undefined) throw new Error('no service account')
      await ensureSecret(found, used, (each) => newTokenSecret(each, content, random), fail).catch(fail)
    },
  }
  return { errors, store, controller }
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
    await controller.checkSecret(secretOf())
    const tokens = legacyServiceAccountToken({
      keys: [key.verificationKey],
      audiences: ['api'],
      objects: store,
    })
    const token = store.getSecret('ns', 's')?.data['token'] ?? ''
    const answer = await tokens.authenticateToken(token, {})
    expect(answer?.user.username).toBe('system:serviceaccount:ns:sa')
    store.deleteServiceAccount('ns', 'sa')
    await controller.checkSecret(secretOf())
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
    const { controller, store, errors } = controllerOf({
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
  })

  it('is given one token by several who look at once', async () => {
    const { controller, store } = controllerOf({ secrets: [secretOf()] })
    const versions = new Set<unknown>()
    store.watch({
      checkServiceAccount: () => 0,
      checkSecret: ({ resourceVersion }) => versions.add(resourceVersion),
    })
    await Promise.all([1, 2, 3].map(() => controller.checkSecret(secretOf())))
    expect(versions.size).toBe(2)
  })

  it.each<[string, Given]>([
    ['it cannot be read', { otherwise: () => ({ getSecret: down }) }],
    ['its service account cannot be read', { otherwise: () => ({ getServiceAccount: down }) }],
    ['it cannot be written', { otherwise: () => ({ patchSecret: down }) }],
    ['it cannot be deleted', { accounts: [], otherwise: () => ({ deleteSecret: down }) }],
  ])('stays as it is when %s, which is an error', async (_, given) => {
    const { controller, store, errors } = controllerOf({ secrets: [secretOf()], ...given })
    const before = store.getSecret('ns', 's')
    await controller.checkSecret(secretOf())
    expect(errors).toEqual([new Error('down')])
    expect(store.getSecret('ns', 's')).toBe(before)
  })

  it('is given its token when the store is back', async () => {
    let isDown = true
    const { controller, store } = controllerOf({
      secrets: [secretOf()],
      otherwise: (inner) => ({
        getServiceAccount: (namespace, name) => (isDown ? down() : inner.getServiceAccount(namespace, name)),
      }),
    })
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')?.data).toEqual({})
    isDown = false
    await controller.checkSecret(secretOf())
    expect(store.getSecret('ns', 's')?.data['token']).toMatch(/^ey/)
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
    const { controller, errors } = controllerOf({
      accounts: [naming],
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
  })
})

describe('a service account', () => {
  it('is given a secret in the way of old releases', async () => {
    const { controller, store } = controllerOf()
    await controller.ensureSecret()
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
    const { controller, store } = controllerOf()
    await Promise.all(Array.from({ length: 5 }, () => controller.ensureSecret()))
    await controller.ensureSecret()
    expect(store.listSecrets()).toHaveLength(1)
  })

  it('is given a secret without a root CA when there is none', async () => {
    const { controller, store } = controllerOf({ rootCA: '' })
    await controller.ensureSecret()
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
    })
    await controller.ensureSecret()
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['s', expect.stringMatching(/^sa-token-/)])
  })

  it('needs no other secret when it names one, filled or not', async () => {
    const { controller, store } = controllerOf({
      accounts: [{ ...account, secrets: ['x', 's'] }],
      secrets: [secretOf()],
    })
    await controller.ensureSecret()
    expect(store.listSecrets()).toHaveLength(1)
  })

  it('does not keep a secret that it does not name, since it changed meanwhile', async () => {
    const { controller, store, errors } = controllerOf({
      otherwise: (inner) => ({
        createSecret(secret) {
          inner.setSecretReferences('ns', 'sa', ['theirs'], {})
          return inner.createSecret(secret)
        },
      }),
    })
    await controller.ensureSecret()
    expect(store.listSecrets()).toEqual([])
    expect(store.getServiceAccount('ns', 'sa')?.secrets).toEqual(['theirs'])
    expect(errors).toEqual([])
  })

  it('does not leave a secret behind each time that it cannot be changed', async () => {
    const { controller, store } = controllerOf({ otherwise: () => ({ setSecretReferences: down }) })
    await controller.ensureSecret()
    await controller.ensureSecret()
    expect(store.listSecrets()).toEqual([])
  })

  it('is told of a secret that could not be taken back', async () => {
    const { controller, store, errors } = controllerOf({
      otherwise: () => ({
        setSecretReferences: down,
        deleteSecret: () => Promise.reject(new Error('stays')),
      }),
    })
    await controller.ensureSecret()
    expect(errors).toEqual([new Error('stays'), new Error('down')])
    expect(store.listSecrets()).toHaveLength(1)
  })

  it('is given another name when one is taken', async () => {
    const chances = [0, 0, 0, 0, 0, 0.99, 0.99, 0.99, 0.99, 0.99]
    const taken = secretOf({}, { name: 'sa-token-bbbbb', type: 'Opaque' })
    const { controller, store } = controllerOf({
      secrets: [taken],
      random: () => chances.shift() ?? 0.5,
    })
    await controller.ensureSecret()
    await controller.ensureSecret()
    expect(store.listSecrets().map(({ name }) => name)).toEqual(['sa-token-bbbbb', 'sa-token-99999'])
  })
})

describe('an error', () => {
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
