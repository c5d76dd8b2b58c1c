import { expect, it } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import { signingKey } from '../../test/controlled-objects.ts'
import { changesIn, interruptedStore, type Interruption } from '../../test/interrupted-store.ts'
import { bootstrapTokenController } from '../controllers/bootstrap-token-cleaner/bootstrap-token-controller.ts'
import { csrCleaner } from '../controllers/certificates/csr-cleaner.ts'
import { electionSettings } from '../controllers/leader-election/election-settings.ts'
import { term } from '../controllers/leader-election/lease.ts'
import {
  checkSecret,
  ensureSecret,
  seenSecretOf,
  newTokenSecret,
} from '../controllers/service-account-tokens/check-secret.ts'
import { registryTokenStore } from '../controllers/service-account-tokens/registry-token-store.ts'
import { secretOf, serviceAccountOf } from '../credentials/stored-credentials.ts'
import { writeBootstrapPolicy } from '../rbac/write-bootstrap-policy.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import type { KubeObject } from './kube-object.ts'
import { registry, type Registry } from './registry.ts'
import { allResources } from './resources/index.ts'
import { keyOf, toStored } from './stored-objects.ts'
import type { Target } from './resource.ts'

const clock = fixedClock(Date.UTC(2030, 0, 2))
const registryOf = (store: ObjectStore): Registry => registry({ store, resources: allResources, clock })

const targetOf = (plural: string, name: string, namespace = 'shop'): Target => {
  const resource = allResources.find((each) => each.plural === plural)!
  return { resource, namespace: resource.isNamespaced ? namespace : '', name }
}
const keyIn = ({ resource, namespace, name }: Target): string => keyOf(resource, namespace, name)
const objectOf = ({ resource, name }: Target, fields: object = {}): KubeObject => ({
  kind: resource.kind,
  apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
  metadata: { name },
  ...fields,
})

const SHOP = targetOf('namespaces', 'shop')
const MAP = targetOf('configmaps', 'a')
const ACCOUNT = targetOf('serviceaccounts', 'sa')
const SECRET = targetOf('secrets', 's')
const TOKEN = targetOf('secrets', 'bootstrap-token-abcdef', 'kube-system')
const REQUEST = targetOf('certificatesigningrequests', 'r')
const BINDING = targetOf('clusterrolebindings', 'cluster-admin')
const LEASE = targetOf('leases', 'l')
let shopUid = ''
const content = { key: signingKey, rootCA: 'CA' }

/** Told which object was written, once that was acknowledged. */
type Acknowledge = (target: Target) => Promise<void>

interface Interrupted {
  readonly given: (objects: Registry, store: ObjectStore) => Promise<unknown>
  readonly work: (objects: Registry, store: ObjectStore) => Promise<unknown>
  /** What another client does meanwhile. */
  readonly meanwhile: (objects: Registry, acknowledge: Acknowledge, store: ObjectStore) => Promise<void>
}

/** Changes an object, if it is there. */
const change =
  (target: Target, fields: object = { metadata: { labels: { changed: 'meanwhile' } } }) =>
  async (objects: Registry, acknowledge: Acknowledge): Promise<void> => {
    await objects.update(target, (old) => ({
      ...old,
      ...fields,
      metadata: { ...old.metadata, ...('metadata' in fields ? Object(fields.metadata) : {}) },
    }))
    await acknowledge(target)
  }

const put = async (
  store: ObjectStore,
  target: Target,
  metadata: object,
  fields: object,
): Promise<unknown> => {
  const object = objectOf(target, fields)
  return store.create(keyIn(target), toStored({ ...object, metadata: { ...object.metadata, ...metadata } }))
}

const remakeNamespace = async (objects: Registry, acknowledge: Acknowledge): Promise<void> => {
  await objects.delete(SHOP)
  await objects.create(targetOf('namespaces', ''), objectOf(SHOP))
  await acknowledge(SHOP)
  await objects.create(MAP, objectOf(MAP))
  await acknowledge(MAP)
}

const withNamespace = (objects: Registry): Promise<unknown> => objects.create(SHOP, objectOf(SHOP))

const cases: Readonly<Record<string, Interrupted>> = {
  'a creation': {
    given: withNamespace,
    work: (objects) => objects.create(MAP, objectOf(MAP)),
    meanwhile: change(MAP),
  },
  'a creation in a namespace that is made again': {
    given: withNamespace,
    work: (objects) => objects.create(MAP, objectOf(MAP)),
    meanwhile: remakeNamespace,
  },
  'the deletion of a namespace that another server deletes, too': {
    async given(objects) {
      shopUid = (await objects.create(SHOP, objectOf(SHOP))).metadata.uid!
      await objects.create(MAP, objectOf(MAP))
      await objects.create(SECRET, objectOf(SECRET))
    },
    work: (objects) => objects.delete(SHOP, { uid: shopUid }),
    meanwhile: remakeNamespace,
  },
  'the secret of a service account': {
    async given(objects) {
      await withNamespace(objects)
      await objects.create(ACCOUNT, objectOf(ACCOUNT))
    },
    async work(objects) {
      const account = serviceAccountOf(await objects.get(ACCOUNT))
      const newSecret = () => newTokenSecret(account, content, () => 0)
      await ensureSecret(account, registryTokenStore(objects), newSecret, () => undefined)
    },
    async meanwhile(objects, acknowledge) {
      await change(ACCOUNT)(objects, acknowledge)
      const { items } = await objects.list({ resource: SECRET.resource, namespace: 'shop' })
      for (const { metadata } of items)
        await change(targetOf('secrets', metadata.name!))(objects, acknowledge)
    },
  },
  'the check of a secret whose service account is gone': {
    async given(objects, store) {
      await withNamespace(objects)
      const annotations = { 'kubernetes.io/service-account.name': 'sa' }
      const type = 'kubernetes.io/service-account-token'
      await put(store, SECRET, { namespace: 'shop', uid: 'u', annotations }, { type, data: {} })
    },
    async work(objects) {
      const seen = seenSecretOf(secretOf(await objects.get(SECRET)))!
      await checkSecret(seen, registryTokenStore(objects), content)
    },
    async meanwhile(objects, acknowledge) {
      await change(SECRET)(objects, acknowledge)
      await objects.create(ACCOUNT, objectOf(ACCOUNT))
    },
  },
  'the cleaning of a bootstrap token': {
    async given(_, store) {
      const data = { expiration: btoa('2030-01-01T00:00:00Z') }
      await put(
        store,
        TOKEN,
        { namespace: 'kube-system', uid: 'u' },
        { type: 'bootstrap.kubernetes.io/token', data },
      )
    },
    work: async (objects) =>
      bootstrapTokenController(objects, clock).reconcile(TOKEN, await objects.get(TOKEN)),
    meanwhile: change(TOKEN, { data: { expiration: btoa('2031-01-01T00:00:00Z') } }),
  },
  'the cleaning of a certificate request': {
    given: (_, store) =>
      put(store, REQUEST, { uid: 'u', creationTimestamp: '2029-01-02T00:00:00Z' }, { spec: {} }),
    work: async (objects) =>
      csrCleaner({ registry: objects, clock }).reconcile(REQUEST, await objects.get(REQUEST)),
    async meanwhile(_, acknowledge, store) {
      const found = (await store.get(keyIn(REQUEST)))!
      await store.update(keyIn(REQUEST), found.value.replace('2029', '2030'), found.revision)
      await acknowledge(REQUEST)
    },
  },
  'a binding that must be replaced': {
    async given(_, store) {
      await writeBootstrapPolicy({ store, clock })
      const found = (await store.get(keyIn(BINDING)))!
      const value = found.value.replace(
        '"kind":"ClusterRole","name":"cluster-admin"',
        '"kind":"ClusterRole","name":"view"',
      )
      await store.update(keyIn(BINDING), value, found.revision)
    },
    work: (_, store) => writeBootstrapPolicy({ store, clock }),
    // Which keeps it as it is.
    meanwhile: change(BINDING, {
      metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
    }),
  },
  'the end of a term as a leader': {
    given: (_, store) => put(store, LEASE, { namespace: 'shop' }, { spec: { holderIdentity: 'me' } }),
    async work(_, store) {
      const lease = (await store.get(keyIn(LEASE)))!
      const settings = electionSettings({ identity: 'me' })
      await term({ store, settings, clock, elapsedMs: () => 0, lease, sinceMs: 0 }).giveUp()
    },
    // As a candidate of client-go takes it over.
    meanwhile: change(LEASE, { spec: { holderIdentity: 'other' } }),
  },
}

/** Does the work once, with an interruption. @returns how many calls it made. */
async function attempt({ given, work, meanwhile }: Interrupted, { at, how }: Interruption): Promise<number> {
  const inner = memoryObjectStore({ clock })
  const objects = registryOf(inner)
  await given(objects, inner)
  const acknowledged = new Map<string, number>()
  const acknowledge: Acknowledge = async (target) => {
    acknowledged.set(keyIn(target), await inner.revision())
  }
  const store = interruptedStore(inner, {
    at,
    how,
    meanwhile: () => meanwhile(objects, acknowledge, inner).catch(() => undefined),
  })
  const answer = await work(registryOf(store), store).catch((thrown: unknown) => ({ thrown }))
  for (const { key, type, revision } of await changesIn(inner)) {
    const since = acknowledged.get(key) ?? Infinity
    if (type === 'deleted' && revision > since) expect.fail(`${key} was deleted: ${how}, at ${at}`)
  }
  expect(answer).not.toMatchObject({ thrown: expect.any(TypeError) })
  return store.calls
}

it.each(Object.entries(cases))(
  'what another client has written stands, wherever a failure interrupts %s',
  async (_, each) => {
    const calls = await attempt(each, { at: 0, how: 'fine' })
    expect(calls).toBeGreaterThan(1)
    for (let at = 1; at <= calls + 1; at++) {
      for (const how of ['refused', 'unanswered', 'fine'] as const) await attempt(each, { at, how })
    }
  },
)

it.each(['refused', 'unanswered'] as const)(
  'a creation that was acknowledged stands when a call is %s',
  async (how) => {
    for (let at = 1; at <= 6; at++) {
      const inner = memoryObjectStore({ clock })
      await withNamespace(registryOf(inner))
      const store = interruptedStore(inner, { at, how })
      const created = await registryOf(store)
        .create(MAP, objectOf(MAP))
        .catch(() => undefined)
      if (created !== undefined) expect(await registryOf(inner).get(MAP)).toEqual(created)
      expect((await changesIn(inner)).filter(({ type }) => type === 'deleted')).toEqual([])
    }
  },
)

it('what is created in a namespace that is gone by then is taken back, and nothing else', async () => {
  for (let at = 1; at <= 6; at++) {
    const inner = memoryObjectStore({ clock })
    const objects = registryOf(inner)
    await withNamespace(objects)
    const meanwhile = (): Promise<unknown> => objects.delete(SHOP).catch(() => undefined)
    const store = interruptedStore(inner, { at, how: 'fine', meanwhile })
    const created = await registryOf(store)
      .create(MAP, objectOf(MAP))
      .catch(() => undefined)
    const isLater = at > store.calls
    expect([at, created !== undefined, (await inner.get(keyIn(MAP))) !== undefined]).toEqual([
      at,
      isLater,
      isLater,
    ])
  }
})
