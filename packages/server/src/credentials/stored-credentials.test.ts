import { generateKeyPairSync } from 'node:crypto'
import type { AuthenticationError, TokenAuthenticator } from '@kube-authn/core'
import { cached } from '@kube-authn/core/remote'
import { untilExpiry } from '@kube-authn/core/connections'
import { bootstrapToken, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import {
  CREDENTIAL_ID_KEY,
  legacyServiceAccountToken,
  serviceAccountToken,
} from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import { signToken } from '@kube-authn/issuer/internal'
import { fixedClock } from '@kube-authn/testing'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { faultyStore, type FaultyStore } from '../../../store/test/faulty-store.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import { registry, type Registry } from '../registry/registry.ts'
import { allResources } from '../registry/resources/index.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { credentialObjects } from './credential-objects.ts'
import { storedBootstrapTokens, type StoredBootstrapTokens } from './stored-bootstrap-tokens.ts'
import { storedServiceAccounts, type StoredServiceAccounts } from './stored-service-accounts.ts'

const ISSUER = 'https://issuer.example.com'
const key = await signingKeyFromPem(
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString(),
)

let clock: ReturnType<typeof fixedClock>
let store: FaultyStore
let reads: string[]
let objects: Registry
let accounts: StoredServiceAccounts
let bootstrap: StoredBootstrapTokens
let errors: string[]

beforeEach(async () => {
  clock = fixedClock()
  reads = []
  errors = []
  const faulty = faultyStore(memoryObjectStore({ clock }), clock)
  store = {
    ...faulty,
    get(name) {
      reads.push(name)
      return faulty.get(name)
    },
  }
  // Another process.
  objects = registry({ store: faulty, resources: allResources, clock })
  await objects.createSystemNamespaces()
  const options = { store, clock, onError: (error: unknown) => errors.push(String(error)) }
  accounts = await storedServiceAccounts(options)
  bootstrap = await storedBootstrapTokens(options)
  onTestFinished(async () => {
    await accounts.close()
    await bootstrap.close()
  })
})

const resourceOf = (plural: string) => allResources.find((each) => each.plural === plural)!

async function create(plural: string, name: string, rest: object = {}, namespace = 'default') {
  const resource = resourceOf(plural)
  const { object } = readKubeObject({ metadata: { name }, ...rest }, resource)
  const created = await objects.create(
    { resource, namespace: resource.isNamespaced ? namespace : '' },
    object,
  )
  await settled()
  reads = []
  return created
}

function placeOf(plural: string, name: string, namespace = 'default') {
  const resource = resourceOf(plural)
  return { resource, namespace: resource.isNamespaced ? namespace : '', name }
}

async function remove(plural: string, name: string, namespace = 'default'): Promise<void> {
  await objects.delete(placeOf(plural, name, namespace))
}

const finalized = (isKept: boolean, name: string): object =>
  isKept ? { metadata: { name, finalizers: ['example.com/kept'] } } : {}

/** Lets the watches deliver. */
const settled = (): Promise<void> => clock.advanceAsync(0)

async function tokenFor(boundTo?: { kind: string; apiVersion: string; name: string }): Promise<string> {
  const { issue } = tokenIssuer({
    issuer: ISSUER,
    signingKey: key,
    objects: credentialObjects(store).serviceAccounts,
    clock,
  })
  const spec = { audiences: [ISSUER], expirationSeconds: 7200, boundObjectRef: boundTo }
  const { status } = await issue({ namespace: 'default', name: 'cart' }, { spec })
  reads = []
  return status.token
}

/** An authenticator behind the cache of `createAuthenticator`. */
function remembering(tokens: TokenAuthenticator) {
  const cache = cached(tokens, { clock, successTtlSeconds: 3600 })
  return async (token: string): Promise<string> => {
    try {
      return (await cache.authenticateToken(token, {}))?.user.username ?? 'no opinion'
    } catch (thrown) {
      return (thrown as AuthenticationError).code
    }
  }
}

const bound = () =>
  serviceAccountToken({ issuers: [ISSUER], keys: [key.verificationKey], objects: accounts, clock })
const CART = 'system:serviceaccount:default:cart'
const BINDINGS = [
  ['service account', undefined, 'serviceaccounts', 'cart'],
  ['secret', { kind: 'Secret', apiVersion: 'v1', name: 's' }, 'secrets', 's'],
  ['pod', { kind: 'Pod', apiVersion: 'v1', name: 'p' }, 'pods', 'p'],
  ['node', { kind: 'Node', apiVersion: 'v1', name: 'n' }, 'nodes', 'n'],
] as const

describe('storedServiceAccounts', () => {
  it('has what the store has, without asking it', async () => {
    await create('serviceaccounts', 'cart', { secrets: [{ name: 'a' }] })
    await create('secrets', 's', {
      stringData: { password: 'secret' },
      metadata: { name: 's', labels: { a: 'b' } },
    })
    await create('pods', 'p', { spec: { nodeName: 'n', serviceAccountName: 'cart' } })
    await create('nodes', 'n')
    const { serviceAccounts: inStore } = credentialObjects(store)
    const expected = {
      account: await inStore.getServiceAccount('default', 'cart'),
      pod: await inStore.getPod('default', 'p'),
      node: await inStore.getNode('n'),
    }
    const secret = await inStore.getSecret('default', 's')
    reads = []
    expect({
      account: accounts.getServiceAccount('default', 'cart'),
      pod: accounts.getPod('default', 'p'),
      node: accounts.getNode('n'),
    }).toEqual(expected)
    // What no token needs is not in memory.
    expect(accounts.getSecret('default', 's')).toEqual({
      namespace: 'default',
      name: 's',
      uid: secret?.uid,
      data: {},
    })
    expect(reads).toEqual([])
  })

  it.each([
    ['default', 'gone'],
    ['', 'default/cart'],
    ['default/cart', ''],
    ['', ''],
    ['other', '../default/cart'],
    ['default', 'x'.repeat(2000)],
    ['default', '__proto__'],
    ['default', '\u0000'],
  ])('finds nothing in %j with the name %j', async (namespace, name) => {
    await create('serviceaccounts', 'cart')
    await create('secrets', 'cart')
    const answers = [
      accounts.getSecret(namespace, name),
      accounts.getServiceAccount(namespace, name),
      accounts.getPod(namespace, name),
      accounts.getNode(name),
    ]
    expect(await Promise.all(answers.map(async (each) => each))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it.each(BINDINGS)(
    'asks the store for a %s whose creation has not arrived',
    async (_, reference, plural, name) => {
      if (plural !== 'serviceaccounts') await create('serviceaccounts', 'cart')
      store.stall()
      await create(plural, name, plural === 'pods' ? { spec: { serviceAccountName: 'cart' } } : {})
      const ask = remembering(bound())
      expect(await ask(await tokenFor(reference))).toBe(CART)
      expect(reads).toContain(`/registry/${plural}/${plural === 'nodes' ? name : `default/${name}`}`)
      store.mend()
    },
  )

  it.each(BINDINGS)(
    'ends a remembered token when its %s is deleted elsewhere',
    async (_, reference, plural, name) => {
      await create('serviceaccounts', 'cart')
      if (plural !== 'serviceaccounts')
        await create(plural, name, plural === 'pods' ? { spec: { serviceAccountName: 'cart' } } : {})
      const token = await tokenFor(reference)
      const ask = remembering(bound())
      expect(await ask(token)).toBe(CART)
      const accepted = await bound().authenticateToken(token, {})
      const connection = untilExpiry(accepted!, { clock })
      const other = untilExpiry((await bound().authenticateToken(await tokenFor(), {}))!, { clock })
      await remove(plural, name)
      await settled()
      expect(connection.aborted).toBe(true)
      expect(other.aborted).toBe(plural === 'serviceaccounts')
      expect(await ask(token)).toBe('rejected')
    },
  )

  it.each(BINDINGS)(
    'refuses a token when its %s is being deleted, even if finalizers keep it',
    async (_, reference, plural, name) => {
      await create('serviceaccounts', 'cart', finalized(plural === 'serviceaccounts', 'cart'))
      if (plural !== 'serviceaccounts') {
        const spec = plural === 'pods' ? { spec: { serviceAccountName: 'cart' } } : {}
        await create(plural, name, { ...finalized(true, name), ...spec })
      }
      const ask = remembering(bound())
      const token = await tokenFor(reference)
      expect(await ask(token)).toBe(CART)
      await remove(plural, name)
      await clock.advanceAsync(60_001)
      expect(await objects.get(placeOf(plural, name))).toMatchObject({ metadata: { name } })
      expect(await ask(token)).toBe('rejected')
    },
  )

  it('keeps a remembered token through changes that do not matter, and asks nothing for it', async () => {
    const created = await create('serviceaccounts', 'cart')
    const token = await tokenFor()
    const ask = remembering(bound())
    expect(await ask(token)).toBe(CART)
    const connection = untilExpiry((await bound().authenticateToken(token, {}))!, { clock })
    reads = []
    const labelled = { ...created, metadata: { ...created.metadata, labels: { a: 'b' } } }
    await objects.update(
      { resource: resourceOf('serviceaccounts'), namespace: 'default', name: 'cart' },
      labelled,
    )
    await settled()
    expect([await ask(token), connection.aborted, reads]).toEqual([CART, false, []])
  })

  it('refuses the token of an account that was created again', async () => {
    await create('serviceaccounts', 'cart')
    const token = await tokenFor()
    const ask = remembering(bound())
    expect(await ask(token)).toBe(CART)
    await remove('serviceaccounts', 'cart')
    await create('serviceaccounts', 'cart')
    expect(await ask(token)).toBe('rejected')
    expect(await ask(await tokenFor())).toBe(CART)
  })

  it('is unavailable after maxStalenessSeconds, also for a remembered token, and heals', async () => {
    await create('serviceaccounts', 'cart')
    const token = await tokenFor()
    const ask = remembering(bound())
    expect(await ask(token)).toBe(CART)
    store.fail()
    await clock.advanceAsync(30_000)
    expect(await ask(token)).toBe(CART)
    await clock.advanceAsync(1)
    expect(await ask(token)).toBe('unavailable')
    await expect(async () => bound().authenticateToken(token, {})).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 2,
    })
    // A token of another kind is none of its business.
    expect(await ask('abc')).toBe('no opinion')
    store.mend()
    await clock.advanceAsync(5000)
    expect(await ask(token)).toBe(CART)
  })

  it('does not say that an object is missing while the store cannot be asked', async () => {
    await create('serviceaccounts', 'cart')
    const token = await tokenFor()
    await remove('serviceaccounts', 'cart')
    await settled()
    const ask = remembering(bound())
    expect(await ask(token)).toBe('rejected')
    store.fail()
    expect(await ask(token)).toBe('unavailable')
  })

  it('neither accepts nor refuses a token whose account cannot be read', async () => {
    await create('serviceaccounts', 'cart')
    const token = await tokenFor()
    const ask = remembering(bound())
    expect(await ask(token)).toBe(CART)
    const path = '/registry/serviceaccounts/default/cart'
    const { revision, value } = (await store.get(path))!
    const broken = await store.update(path, `${value.slice(0, -5)}"hunter2`, revision)
    await settled()
    expect(await ask(token)).toBe('unavailable')
    expect(errors).toEqual([
      `StoreError: ${path} makes tokens unavailable that need it, since it cannot be read: an object in the store is not one`,
    ])
    await store.update(path, value.replaceAll('"cart"', '"other"'), broken.revision)
    await settled()
    expect(await ask(token)).toBe('unavailable')
    expect(errors.at(-1)).toContain('another name')
  })

  it('checks tokens in secrets, and ends them with what they depend on', async () => {
    const account = await create('serviceaccounts', 'cart')
    const claim = 'kubernetes.io/serviceaccount/'
    const token = await signToken(key, {
      iss: 'kubernetes/serviceaccount',
      sub: CART,
      [`${claim}namespace`]: 'default',
      [`${claim}secret.name`]: 's',
      [`${claim}service-account.name`]: 'cart',
      [`${claim}service-account.uid`]: account.metadata.uid,
    })
    const annotations = { 'kubernetes.io/service-account.name': 'cart' }
    const type = 'kubernetes.io/service-account-token'
    const secret = { metadata: { name: 's', annotations }, type, stringData: { token, 'ca.crt': 'x' } }
    const ask = remembering(
      legacyServiceAccountToken({
        keys: [key.verificationKey],
        audiences: ['api'],
        objects: accounts,
        clock,
      }),
    )
    const isRight = async () => [await ask(token), await ask(token)]
    await create('secrets', 's', secret)
    expect(await isRight()).toEqual([CART, CART])
    await settled()
    // The use was recorded, and is known here.
    expect(accounts.getSecret('default', 's')).toMatchObject({
      data: { token },
      labels: { 'kubernetes.io/legacy-token-last-used': '2030-01-01' },
    })
    expect(await isRight()).toEqual([CART, CART])

    const path = '/registry/secrets/default/s'
    const target = { resource: resourceOf('secrets'), namespace: 'default', name: 's' }
    const changed = async (change: (value: string) => string): Promise<void> => {
      const { value, revision } = (await store.get(path))!
      await store.update(path, change(value), revision)
      await settled()
    }
    await changed((value) => value.replace('legacy-token-last-used', 'legacy-token-invalid-since'))
    expect(await ask(token)).toBe('rejected')
    await changed((value) => value.replace('legacy-token-invalid-since', 'legacy-token-last-used'))
    expect(await ask(token)).toBe(CART)
    await changed((value) => value.replace(btoa(token), btoa(`${token}x`)))
    expect(await ask(token)).toBe('rejected')
    await changed((value) => value.replace(btoa(`${token}x`), btoa(token)))
    expect(await ask(token)).toBe(CART)
    await objects.delete(target)
    await settled()
    expect(await ask(token)).toBe('rejected')
  })

  it('learns what this process writes before the writer knows it', async () => {
    const own = registry({ store, resources: allResources, clock, learners: [accounts, bootstrap] })
    const place = { resource: resourceOf('serviceaccounts'), namespace: 'default' }
    await own.create(place, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'cart' } })
    expect(accounts.getServiceAccount('default', 'cart')).toMatchObject({ name: 'cart' })
    const token = await tokenFor()
    const ask = remembering(bound())
    expect(await ask(token)).toBe(CART)
    await own.delete({ ...place, name: 'cart' })
    expect(await ask(token)).toBe('rejected')
  })

  it('answers nothing after it was closed, and waits for no store that is closed', async () => {
    await accounts.close()
    expect(() => accounts.getNode('n')).toThrow(expect.objectContaining({ code: 'unavailable' }))
    await store.close()
    await expect(storedServiceAccounts({ store, clock })).rejects.toMatchObject({ code: 'closed' })
  })

  it('says how old the oldest of its copies is', async () => {
    expect(accounts.outdatedSinceMs).toBeUndefined()
    const beganMs = clock.now()
    store.fail()
    await clock.advanceAsync(1000)
    expect(accounts.outdatedSinceMs).toBe(beganMs)
  })

  it('keeps other claims of a token as they were', async () => {
    await create('serviceaccounts', 'cart')
    const answer = await bound().authenticateToken(await tokenFor(), {})
    expect(answer?.user.extra[CREDENTIAL_ID_KEY]).toEqual([expect.stringMatching(/^JTI=/)])
  })
})

describe('storedBootstrapTokens', () => {
  it('ends a remembered token with its secret, and asks the store nothing, also for made-up ones', async () => {
    const { token, secret } = createBootstrapToken({ clock })
    const { name, type, data } = secret
    const ask = remembering(bootstrapToken({ secrets: bootstrap, clock }))
    expect(await ask(token)).toBe('no opinion')
    await create('secrets', name, { type, stringData: data })
    expect(await ask(token)).toBe('no opinion')
    await create('secrets', name, { type, stringData: data }, 'kube-system')
    expect(await ask(token)).toMatch(/^system:bootstrap:/)
    const connection = untilExpiry(
      (await bootstrapToken({ secrets: bootstrap, clock }).authenticateToken(token, {}))!,
      {
        clock,
      },
    )
    await create('secrets', 'other', {}, 'kube-system')
    expect(await ask(token)).toMatch(/^system:bootstrap:/)
    expect(bootstrap.getSecret('other')).toBeUndefined()
    await remove('secrets', name, 'kube-system')
    await settled()
    expect([await ask(token), connection.aborted]).toEqual(['no opinion', true])
    expect(await ask('zzzzzz.0123456789abcdef')).toBe('no opinion')
    expect(reads.filter((path) => !path.startsWith('/registry/namespaces/'))).toEqual([])
  })

  it('is unavailable for tokens of its form only', async () => {
    const ask = remembering(bootstrapToken({ secrets: bootstrap, clock }))
    store.fail()
    await clock.advanceAsync(30_001)
    expect(await ask('zzzzzz.0123456789abcdef')).toBe('unavailable')
    expect(await ask('something else')).toBe('no opinion')
    store.mend()
    await clock.advanceAsync(5000)
    expect(await ask('zzzzzz.0123456789abcdef')).toBe('no opinion')
  })
})
