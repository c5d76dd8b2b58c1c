import { beforeEach, describe, expect, it } from 'vitest'
import { isStatusError } from '@kube-authn/core/internal'
import { fixedClock } from '../../../core/test/fakes.ts'
import { clientRequest } from '../../test/signing-requests.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import type { KubeObject } from './kube-object.ts'
import { readKubeObject } from './read-kube-object.ts'
import { registry, type Registry } from './registry.ts'
import type { Resource } from './resource.ts'
import { allResources } from './resources/index.ts'
import type { KubeWatchEvent } from './watch-objects.ts'

let clock: ReturnType<typeof fixedClock>
let store: ObjectStore
let objects: Registry

beforeEach(async () => {
  clock = fixedClock(1_800_000_000_500)
  store = memoryObjectStore({ clock })
  objects = registry({ store, resources: allResources, clock })
  await objects.createSystemNamespaces()
})

function resourceOf(plural: string): Resource {
  return allResources.find((each) => each.plural === plural)!
}

/** An object as a client sends it. */
function sent(plural: string, fields: object): KubeObject {
  const { object, errors } = readKubeObject(fields, resourceOf(plural))
  expect(errors.toString()).toBe('')
  return object
}

const placeOf = (plural: string) => {
  const resource = resourceOf(plural)
  return { resource, namespace: resource.isNamespaced ? 'default' : '' }
}
const targetOf = (plural: string, name: string) => ({ ...placeOf(plural), name })
const create = (plural: string, fields: object) => objects.create(placeOf(plural), sent(plural, fields))
const named = (name: string, rest: object = {}) => ({ metadata: { name, ...rest } })

async function expectStatus(
  work: Promise<unknown>,
  status: number,
  reason: string,
  words = '',
): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isStatusError(error)) throw new Error(`no StatusError: ${String(error)}`)
  expect([error.status, error.body.reason]).toEqual([status, reason])
  expect(error.message).toContain(words)
}

const RULES = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
const ROLE_REF = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }

/** The least object of each kind. */
const LEAST: Readonly<Record<string, object>> = {
  namespaces: {},
  serviceaccounts: {},
  secrets: {},
  configmaps: {},
  nodes: {},
  pods: {},
  services: {},
  events: { involvedObject: { namespace: 'default' } },
  leases: { spec: { holderIdentity: 'x' } },
  roles: { rules: RULES },
  clusterroles: { rules: RULES },
  rolebindings: { roleRef: ROLE_REF },
  clusterrolebindings: { roleRef: ROLE_REF },
  certificatesigningrequests: await clientRequest(),
  credentialrevocations: { spec: { user: 'jane' } },
}

describe('every resource', () => {
  it('is in the table of these tests', () => {
    expect(allResources.map(({ plural }) => plural).toSorted()).toEqual(Object.keys(LEAST).toSorted())
  })

  it.each(Object.keys(LEAST))('%s: is created, read, listed, replaced and deleted', async (plural) => {
    const { kind, isNamespaced } = resourceOf(plural)
    const created = await create(plural, { ...named('x', { labels: { a: 'b' } }), ...LEAST[plural] })
    expect(created).toMatchObject({
      kind,
      metadata: {
        name: 'x',
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        resourceVersion: String(await store.revision()),
        creationTimestamp: '2027-01-15T08:00:00Z',
      },
    })
    expect(created.metadata.namespace).toBe(isNamespaced ? 'default' : undefined)
    expect(await objects.get(targetOf(plural, 'x'))).toEqual(created)
    const { items } = await objects.list({ ...placeOf(plural), labelSelector: 'a=b' })
    expect(items).toEqual([created])
    const changed = { ...created, metadata: { ...created.metadata, labels: { a: 'c' } } }
    const updated = await objects.update(targetOf(plural, 'x'), sent(plural, changed))
    expect(updated.metadata.uid).toBe(created.metadata.uid)
    expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion))
    await expectStatus(
      objects.update(targetOf(plural, 'x'), sent(plural, changed)),
      409,
      'Conflict',
      'has been modified',
    )
    await expectStatus(
      create(plural, { ...named('x'), ...LEAST[plural] }),
      409,
      'AlreadyExists',
      '"x" already exists',
    )
    await objects.delete(targetOf(plural, 'x'))
    await expectStatus(objects.get(targetOf(plural, 'x')), 404, 'NotFound', '"x" not found')
    await expectStatus(objects.delete(targetOf(plural, 'x')), 404, 'NotFound')
    await expectStatus(objects.update(targetOf(plural, 'x'), sent(plural, changed)), 404, 'NotFound')
  })

  it.each(Object.keys(LEAST))('%s: is read strictly', (plural) => {
    const read = (fields: object) =>
      readKubeObject({ ...named('x'), ...LEAST[plural], ...fields }, resourceOf(plural))
    expect(read({ unknown: 1 }).errors.toString()).toBe('unknown: Unknown field')
    expect(read({ unknown: 1 }).object).not.toHaveProperty('unknown')
    expect(
      read({ metadata: { name: 1, labels: { a: 1 }, finalizers: 'x', other: 1 } }).errors.errors,
    ).toHaveLength(4)
    expect(() => read({ kind: 'Other' })).toThrow('the object provided is not a')
    expect(() => read({ apiVersion: 'v9' })).toThrow('does not match the expected API version')
    expect(() => readKubeObject([], resourceOf(plural))).toThrow('the object provided is not a')
    expect(() => readKubeObject(null, resourceOf(plural))).toThrow('the object provided is not a')
  })

  it.each(Object.keys(LEAST))('%s: has a table', async (plural) => {
    const object = await create(plural, { ...named('x'), ...LEAST[plural] })
    const { columns } = resourceOf(plural)
    const cells = columns.map(({ cell }) => cell(object, clock.now() + 90_000))
    expect(cells[columns.findIndex(({ format }) => format === 'name')]).toBe('x')
    expect(columns.map(({ name }) => name)).toEqual([...new Set(columns.map(({ name }) => name))])
    for (const [index, { name }] of columns.entries()) if (name === 'Age') expect(cells[index]).toBe('90s')
  })
})

describe('metadata', () => {
  const OWNER = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '1' }

  it('may have many owners, of which one controls it', async () => {
    const ownerReferences = [OWNER, { ...OWNER, name: 'q', controller: true }, { ...OWNER, name: 'r' }]
    const { metadata } = await create('configmaps', named('x', { ownerReferences }))
    expect(metadata.ownerReferences).toMatchObject(ownerReferences)
  })

  it.each(['a-', 'a--', 'a.b-'])(
    'may have the prefix %j of a name, which its end completes',
    async (generateName) => {
      const { metadata } = await create('configmaps', { metadata: { generateName } })
      expect(metadata.name?.startsWith(generateName)).toBe(true)
    },
  )

  it.each<[string, object, string]>([
    ['no name', {}, 'metadata.name: Required value: name or generateName is required'],
    [
      'a name in capitals',
      { name: 'X' },
      'metadata.name: Invalid value: "X": a lowercase RFC 1123 subdomain',
    ],
    ['a path for a name', { name: '../x' }, 'metadata.name: Invalid value'],
    ['a name that is too long', { name: 'x'.repeat(254) }, 'must be no more than 253'],
    ['an invalid label', { name: 'x', labels: { '-': 'x' } }, 'metadata.labels: Invalid value'],
    ['an invalid value of a label', { name: 'x', labels: { a: '-' } }, 'metadata.labels'],
    [
      'large annotations',
      { name: 'x', annotations: { a: 'x'.repeat(262_145) } },
      'metadata.annotations: Too long',
    ],
    ['an invalid finalizer', { name: 'x', finalizers: ['a b'] }, 'metadata.finalizers'],
    [
      'an owner without a uid',
      { name: 'x', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p' }] },
      'metadata.ownerReferences.uid',
    ],
    [
      'two owners that control it',
      { name: 'x', ownerReferences: ['p', 'q'].map((name) => ({ ...OWNER, name, controller: true })) },
      'Found "true" in references for Pod/p and Pod/q',
    ],
    [
      'an owner without a version',
      { name: 'x', ownerReferences: [{ ...OWNER, apiVersion: '' }] },
      'version must',
    ],
    ['an invalid prefix', { generateName: 'X-' }, 'metadata.generateName: Invalid value'],
  ])('with %s is invalid', async (_, metadata, words) => {
    await expectStatus(create('configmaps', { metadata }), 422, 'Invalid', words)
    expect((await objects.list(placeOf('configmaps'))).items).toEqual([])
  })

  it('is written by the server, whatever the client sends', async () => {
    const { metadata } = await create('configmaps', {
      metadata: {
        name: 'x',
        uid: 'mine',
        creationTimestamp: '2000-01-01T00:00:00Z',
        deletionTimestamp: '2000-01-01T00:00:00Z',
        deletionGracePeriodSeconds: 5,
        generation: 7,
        selfLink: '/x',
        managedFields: [{ manager: 'm' }],
      },
    })
    expect(Object.keys(metadata).toSorted()).toEqual([
      'creationTimestamp',
      'generation',
      'name',
      'namespace',
      'resourceVersion',
      'uid',
    ])
    expect(metadata.uid).not.toBe('mine')
    const updated = await objects.update(
      targetOf('configmaps', 'x'),
      sent('configmaps', named('x', { creationTimestamp: 'never' })),
    )
    expect(updated.metadata).toEqual(metadata)
  })

  it('may have names that are made, of which each is new', async () => {
    const chances = [0, 0, 0.5]
    let call = 0
    objects = registry({
      store,
      resources: allResources,
      random: () => chances[Math.min(2, Math.floor(call++ / 5))]!,
    })
    const first = await create('secrets', { metadata: { generateName: 'token-' } })
    const second = await create('secrets', { metadata: { generateName: 'token-' } })
    expect(first.metadata.name).toBe('token-bbbbb')
    expect(second.metadata.name).toMatch(/^token-(?!bbbbb)[a-z0-9]{5}$/)
    objects = registry({ store, resources: allResources, random: () => 0 })
    await expectStatus(create('secrets', { metadata: { generateName: 'token-' } }), 409, 'AlreadyExists')
  })

  it('has the namespace of the request', async () => {
    await expectStatus(
      create('secrets', named('x', { namespace: 'other' })),
      400,
      'BadRequest',
      'does not match the namespace',
    )
    await expectStatus(
      create('secrets', named('x', { resourceVersion: '1' })),
      400,
      'BadRequest',
      'resourceVersion should not be set',
    )
    await create('secrets', named('x', { namespace: 'default' }))
    const target = targetOf('secrets', 'x')
    await expectStatus(
      objects.update(target, sent('secrets', named('y'))),
      400,
      'BadRequest',
      'does not match the name on the URL',
    )
    await expectStatus(
      objects.update(target, sent('secrets', named('x', { namespace: 'other' }))),
      400,
      'BadRequest',
    )
    await expectStatus(
      objects.update(target, sent('secrets', named('x', { uid: 'other' }))),
      409,
      'Conflict',
      'UID in precondition: other',
    )
  })

  it('keeps a deleted object until its finalizers are gone', async () => {
    await create('configmaps', named('x', { finalizers: ['example.com/a', 'example.com/b'] }))
    const target = targetOf('configmaps', 'x')
    const left = await objects.delete(target)
    expect(left.metadata).toMatchObject({
      deletionTimestamp: '2027-01-15T08:00:00Z',
      deletionGracePeriodSeconds: 0,
    })
    clock.advance(5000)
    expect(await objects.delete(target)).toEqual(left)
    const update = (finalizers: readonly string[]) =>
      objects.update(target, sent('configmaps', named('x', { finalizers })))
    await expectStatus(
      update(['example.com/c']),
      422,
      'Invalid',
      'no new finalizers can be added if the object is being deleted',
    )
    await update(['example.com/b'])
    expect((await objects.get(target)).metadata.finalizers).toEqual(['example.com/b'])
    await update([])
    await expectStatus(objects.get(target), 404, 'NotFound')
  })
})

describe('preconditions', () => {
  it.each([
    [{ uid: 'other' }, 'the UID in the precondition (other) does not match the UID in record'],
    [{ resourceVersion: '1' }, 'The object might have been modified'],
  ])('%j keep an object', async (preconditions, words) => {
    const { metadata } = await create('secrets', named('x'))
    const target = targetOf('secrets', 'x')
    await expectStatus(objects.delete(target, preconditions), 409, 'Conflict', words)
    await objects.delete(target, { uid: metadata.uid!, resourceVersion: metadata.resourceVersion! })
  })

  it.each([
    [{ uid: 'other' }, 'Precondition failed: UID in precondition: other, UID in object meta: '],
    [{ resourceVersion: '1' }, 'Precondition failed: ResourceVersion in precondition: 1, '],
  ])('%j keep a namespace', async (preconditions, words) => {
    await create('namespaces', named('x'))
    await expectStatus(objects.delete(targetOf('namespaces', 'x'), preconditions), 409, 'Conflict', words)
  })

  it.each([
    ['configmaps', false, '/registry/configmaps/default/x'],
    ['services', false, '/registry/services/specs/default/x'],
    ['nodes', false, '/registry/minions/x'],
    ['configmaps', true, '/configmaps/default/x'],
  ])('of an update name the object by its key in etcd: %s, dry run %s', async (plural, isDryRun, key) => {
    await create(plural, { ...named('x'), ...LEAST[plural] })
    const other = sent(plural, { ...LEAST[plural], ...named('x', { uid: 'other' }) })
    const words = `StorageError: invalid object, Code: 4, Key: ${key}, `
    await expectStatus(objects.update(targetOf(plural, 'x'), other, { isDryRun }), 409, 'Conflict', words)
  })

  it('are not needed: 20 racing updates without a version all succeed, and with one only the first', async () => {
    const { metadata } = await create('configmaps', named('x'))
    const target = targetOf('configmaps', 'x')
    const update = (index: number, resourceVersion?: string) =>
      objects.update(
        target,
        sent('configmaps', { ...named('x', { resourceVersion }), data: { n: String(index) } }),
      )
    const versioned = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => update(index, metadata.resourceVersion)),
    )
    expect(versioned.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (let index = 0; index < 20; index++) await update(index)
    expect((await objects.get(target))['data']).toEqual({ n: '19' })
  })
})

describe('a dry run', () => {
  it('does everything but write', async () => {
    const isDryRun = true
    const place = placeOf('configmaps')
    const before = await store.revision()
    const object = await objects.create(place, sent('configmaps', named('x')), { isDryRun })
    expect(object.metadata).toMatchObject({ name: 'x', uid: expect.any(String) })
    expect(await store.revision()).toBe(before)
    await create('configmaps', named('y'))
    const at = await store.revision()
    await expectStatus(
      objects.create(place, sent('configmaps', named('y')), { isDryRun }),
      409,
      'AlreadyExists',
    )
    const updated = await objects.update(
      targetOf('configmaps', 'y'),
      sent('configmaps', { ...named('y'), data: { a: '1' } }),
      { isDryRun },
    )
    expect(updated['data']).toEqual({ a: '1' })
    await objects.delete(targetOf('configmaps', 'y'), {}, { isDryRun })
    expect(await store.revision()).toBe(at)
  })
})

describe('an update that changes nothing', () => {
  it('is not written when the members are in another order', async () => {
    const first = await create('configmaps', {
      ...named('x', { labels: { a: '1', b: '2' } }),
      data: { c: '3' },
    })
    const other = sent('configmaps', { ...named('x', { labels: { b: '2', a: '1' } }), data: { c: '3' } })
    expect(await objects.update(targetOf('configmaps', 'x'), other)).toEqual(first)
  })

  it('is not written', async () => {
    const created = await create('configmaps', { ...named('x'), data: { a: '1' } })
    const same = await objects.update(
      targetOf('configmaps', 'x'),
      sent('configmaps', { ...named('x'), data: { a: '1' } }),
    )
    expect(same).toEqual(created)
  })
})

describe('a name that is taken', () => {
  it.each([{}, { isDryRun: true }])(
    'is told with the deletion of the object that has it: %j',
    async (options) => {
      const map = named('x', { finalizers: ['example.com/a'] })
      await create('configmaps', map)
      const again = () => objects.create(placeOf('configmaps'), sent('configmaps', map), options)
      await expect(again()).rejects.toThrow(/^configmaps "x" already exists$/)
      await objects.delete(targetOf('configmaps', 'x'))
      await expect(again()).rejects.toThrow(/^object is being deleted: configmaps "x" already exists$/)
    },
  )
})

describe('an update of another place', () => {
  it.each([
    ['configmaps', { name: 'y' }, 'the name of the object (y) does not match the name on the URL (x)'],
    ['leases', { namespace: 'other' }, 'the namespace of the provided object does not match'],
    ['leases', { name: 'y' }, 'the name of the object (y) does not match the name on the URL (x)'],
    ['configmaps', { name: undefined }, '(x based on URL) was undeterminable: name must be provided'],
    ['leases', { name: '' }, '(x based on URL) was undeterminable: name must be provided'],
  ])('is refused before the object is looked up: %s %j', async (plural, metadata, words) => {
    const work = objects.put(targetOf(plural, 'x'), sent(plural, { metadata: { name: 'x', ...metadata } }))
    await expectStatus(work, 400, 'BadRequest', words)
  })
})

describe('namespaces', () => {
  const inShop = (plural: string, name: string) => ({ resource: resourceOf(plural), namespace: 'shop', name })

  it('must exist for their objects', async () => {
    await expectStatus(
      objects.create(inShop('secrets', ''), sent('secrets', named('x'))),
      404,
      'NotFound',
      'namespaces "shop" not found',
    )
  })

  it('are deleted with everything in them, and nothing else', async () => {
    await create('namespaces', named('shop'))
    await create('namespaces', named('shop-2'))
    for (const plural of ['secrets', 'roles', 'pods']) {
      for (const namespace of ['shop', 'shop-2']) {
        await objects.create(
          { ...inShop(plural, ''), namespace },
          sent(plural, { ...named('x'), ...LEAST[plural] }),
        )
      }
    }
    await objects.delete(targetOf('namespaces', 'shop'))
    await expectStatus(objects.get(targetOf('namespaces', 'shop')), 404, 'NotFound')
    for (const plural of ['secrets', 'roles', 'pods']) {
      expect((await objects.list({ resource: resourceOf(plural), namespace: 'shop' })).items).toEqual([])
      expect((await objects.list({ resource: resourceOf(plural), namespace: 'shop-2' })).items).toHaveLength(
        1,
      )
    }
  })

  it('stay while a finalizer keeps an object in them, and take no new ones', async () => {
    await create('namespaces', named('shop'))
    await objects.create(
      inShop('secrets', ''),
      sent('secrets', named('kept', { finalizers: ['example.com/a'] })),
    )
    await objects.delete(targetOf('namespaces', 'shop'))
    expect((await objects.get(targetOf('namespaces', 'shop')))['status']).toMatchObject({
      phase: 'Terminating',
    })
    await expectStatus(
      objects.create(inShop('secrets', ''), sent('secrets', named('x'))),
      403,
      'Forbidden',
      'unable to create new content in namespace shop because it is being terminated',
    )
    await objects.update(inShop('secrets', 'kept'), sent('secrets', named('kept')))
    await expectStatus(objects.get(inShop('secrets', 'kept')), 404, 'NotFound')
    await expectStatus(objects.get(targetOf('namespaces', 'shop')), 404, 'NotFound')
  })

  it.each(['default', 'kube-system', 'kube-public'])('%s cannot be deleted', async (name) => {
    await expectStatus(
      objects.delete(targetOf('namespaces', name)),
      403,
      'Forbidden',
      'this namespace may not be deleted',
    )
  })

  it('have their name as a label, which cannot be changed', async () => {
    const created = await create(
      'namespaces',
      named('shop', { labels: { 'kubernetes.io/metadata.name': 'x' } }),
    )
    expect(created.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'shop' })
    const updated = await objects.update(targetOf('namespaces', 'shop'), sent('namespaces', named('shop')))
    expect(updated.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'shop' })
  })

  it('of the system are created once', async () => {
    const before = await store.revision()
    await objects.createSystemNamespaces()
    expect(await store.revision()).toBe(before)
    expect((await objects.list(placeOf('namespaces'))).items.map(({ metadata }) => metadata.name)).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ])
  })
})

it('a service account keeps every field of the references to its secrets', async () => {
  const secrets = [
    {
      kind: 'Secret',
      namespace: 'n',
      name: 's',
      uid: '1',
      apiVersion: 'v1',
      resourceVersion: '2',
      fieldPath: 'f',
    },
  ]
  const imagePullSecrets = [{ name: 'p' }]
  expect(await create('serviceaccounts', { ...named('x'), secrets, imagePullSecrets })).toMatchObject({
    secrets,
    imagePullSecrets,
  })
})

describe('validation', () => {
  it.each<[string, object, string]>([
    ['secrets', { data: { a: '!' } }, 'data[a]: Invalid value: must be in standard base64'],
    ['secrets', { data: { 'a b': 'YQ==' } }, 'data[a b]: Invalid value'],
    ['secrets', { data: { '..': 'YQ==' } }, "must not be '..'"],
    ['secrets', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }, 'data[tls.key]: Required value'],
    ['secrets', { type: 'kubernetes.io/basic-auth' }, 'data[username]: Required value'],
    [
      'secrets',
      { type: 'kubernetes.io/service-account-token' },
      'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    ],
    ['configmaps', { data: { a: '1' }, binaryData: { a: 'YQ==' } }, 'duplicate of key present in binaryData'],
    ['configmaps', { binaryData: { a: '*' } }, 'must be in standard base64'],
    ['roles', { rules: [{ verbs: [] }] }, 'rules[0].verbs: Required value'],
    [
      'roles',
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
      'namespaced rules cannot apply to non-resource URLs',
    ],
    ['clusterroles', { aggregationRule: {} }, 'aggregationRule.clusterRoleSelectors: Required value'],
    ['rolebindings', { roleRef: { kind: 'X', name: 'x' } }, 'roleRef.kind: Unsupported value'],
    [
      'clusterrolebindings',
      { roleRef: ROLE_REF, subjects: [{ kind: 'ServiceAccount', name: 'x' }] },
      'subjects[0].namespace: Required value',
    ],
  ])('of %s refuses %j', async (plural, fields, words) => {
    await expectStatus(create(plural, { ...named('x'), ...fields }), 422, 'Invalid', words)
  })

  it('of a secret refuses more than a MiB', async () => {
    const data = { a: 'A'.repeat(1_400_000) }
    await expectStatus(create('secrets', { ...named('x'), data }), 422, 'Invalid', 'data: Too long')
  })

  it('does not show what is in a secret', async () => {
    const failure = create('secrets', { ...named('x'), data: { a: 'hunter2!' } })
    await expect(failure).rejects.not.toThrow('hunter2')
    await expectStatus(failure, 422, 'Invalid', 'data[a]')
  })

  it.each([
    ['secrets', { type: 'a' }, { type: 'b' }, 'type: Invalid value: "b": field is immutable'],
    [
      'secrets',
      { immutable: true, data: { a: 'YQ==' } },
      { immutable: true },
      'data: Forbidden: field is immutable',
    ],
    ['configmaps', { immutable: true }, {}, 'immutable: Forbidden'],
    [
      'rolebindings',
      { roleRef: ROLE_REF },
      { roleRef: { ...ROLE_REF, name: 'edit' } },
      'roleRef: Invalid value',
    ],
  ])('of %s lets %j not become %j', async (plural, before, after, words) => {
    await create(plural, { ...named('x'), ...before })
    const update = objects.update(targetOf(plural, 'x'), sent(plural, { ...named('x'), ...after }))
    await expectStatus(update, 422, 'Invalid', words)
  })

  it('reads pods and nodes by their types: what is unknown or nested too deeply is left out and told', () => {
    let deep: unknown = {}
    for (let depth = 0; depth < 50_000; depth++) deep = { a: deep }
    const spec = {
      nodeName: 'n',
      a: deep,
      containers: [{ name: 'c', image: 1, x: 1 }, null],
      hostAliases: null,
    }
    const { object, errors } = readKubeObject({ ...named('x'), spec, status: 'x' }, resourceOf('pods'))
    expect(object['spec']).toEqual({ nodeName: 'n', containers: [{ name: 'c', image: 1 }, {}] })
    expect(errors.errors.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      'spec.a: Unknown field',
      'spec.containers[0].image: Invalid value: must be a string',
      'spec.containers[0].x: Unknown field',
      'status: Invalid value: must be an object',
    ])
  })

  it('stores strings of secrets as data, and never as strings', async () => {
    const { data, stringData } = await create('secrets', {
      ...named('x'),
      data: { a: 'eA==', b: 'eQ==' },
      stringData: { a: 'é' },
    })
    expect([data, stringData]).toEqual([{ a: 'w6k=', b: 'eQ==' }, undefined])
  })

  it('fills in the defaults of RBAC', async () => {
    const { subjects, roleRef } = await create('rolebindings', {
      ...named('x'),
      subjects: [
        { kind: 'User', name: 'jane' },
        { kind: 'ServiceAccount', name: 'a', namespace: 'b' },
      ],
      roleRef: { kind: 'Role', name: 'r' },
    })
    expect(subjects).toEqual([
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' },
      { kind: 'ServiceAccount', name: 'a', namespace: 'b' },
    ])
    expect(roleRef).toEqual({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' })
  })
})

describe('a status', () => {
  it('is changed by its subresource only, with the marks of the object and nothing else', async () => {
    await create('nodes', { ...named('n'), spec: { unschedulable: true }, status: { phase: 'x' } })
    const target = targetOf('nodes', 'n')
    await objects.update(
      { ...target, subresource: 'status' },
      sent('nodes', { ...named('n', { labels: { a: 'b' } }), status: { phase: 'Running' } }),
    )
    expect(await objects.get(target)).toMatchObject({
      metadata: { labels: { a: 'b' } },
      spec: { unschedulable: true },
      status: { phase: 'Running' },
    })
    const updated = await objects.update(
      target,
      sent('nodes', { ...named('n'), spec: {}, status: { phase: 'Pending' } }),
    )
    expect(updated).toMatchObject({ spec: {}, status: { phase: 'Running' } })
    expect(updated.metadata.labels).toBeUndefined()
  })
})

describe('lists', () => {
  it.each([
    ['', '', ['a', 'b', 'c', 'd']],
    ['app=web', '', ['a', 'c']],
    ['app!=web', '', ['b', 'd']],
    ['app', '', ['a', 'b', 'c']],
    ['!app', '', ['d']],
    ['app in (web,db),tier notin (x)', '', ['b', 'c']],
    ['n>5', '', ['c']],
    ['', 'metadata.name=b', ['b']],
    ['', 'metadata.name!=b,metadata.namespace=default', ['a', 'c', 'd']],
    ['', 'type=kind-of', ['d']],
    ['app=web', 'metadata.name=b', []],
    ['constructor', '', []],
  ])('with the selectors %j and %j have %j', async (labelSelector, fieldSelector, names) => {
    await create('secrets', named('a', { labels: { app: 'web', tier: 'x', n: '5' } }))
    await create('secrets', named('b', { labels: { app: 'db', n: 'x' } }))
    await create('secrets', named('c', { labels: { app: 'web', n: '6' } }))
    await create('secrets', { ...named('d'), type: 'kind-of' })
    const collection = { ...placeOf('secrets'), labelSelector, fieldSelector }
    expect((await objects.list(collection)).items.map(({ metadata }) => metadata.name)).toEqual(names)
    const paged: unknown[] = []
    let next: string | undefined
    do {
      const page = await objects.list(collection, { limit: 1, ...(next !== undefined && { continue: next }) })
      paged.push(...page.items.map(({ metadata }) => metadata.name))
      next = page.continue
    } while (next !== undefined)
    expect(paged).toEqual(names)
  })

  it.each([
    [{ labelSelector: 'a in' }, 'unable to parse requirement'],
    [{ fieldSelector: 'spec.other=1' }, 'field label not supported: spec.other'],
    [{ fieldSelector: '__proto__=1' }, 'field label not supported'],
    [{ fieldSelector: 'a' }, 'invalid selector'],
  ])('refuse %j', async (selectors, words) => {
    await expectStatus(objects.list({ ...placeOf('secrets'), ...selectors }), 400, 'BadRequest', words)
  })

  it('of all namespaces have the objects of each, and refuse tokens that are not theirs', async () => {
    await create('namespaces', named('shop'))
    await create('secrets', named('x'))
    await objects.create({ resource: resourceOf('secrets'), namespace: 'shop' }, sent('secrets', named('x')))
    const all = { resource: resourceOf('secrets'), namespace: '' }
    const first = await objects.list(all, { limit: 1 })
    expect((await objects.list(all, { continue: first.continue! })).items[0]?.metadata.namespace).toBe('shop')
    await expectStatus(
      objects.list(placeOf('pods'), { continue: first.continue! }),
      400,
      'BadRequest',
      'continue key is not valid',
    )
    await store.compact(await store.revision())
    await create('secrets', named('y'))
    await store.compact(await store.revision())
    await expectStatus(objects.list(all, { continue: first.continue! }), 410, 'Expired')
  })
})

describe('watches', () => {
  const watched = async (
    count: number,
    selectors: object,
    resourceVersion = 0,
  ): Promise<readonly unknown[]> => {
    const events: KubeWatchEvent[] = []
    for await (const event of objects.watch({ ...placeOf('secrets'), ...selectors }, { resourceVersion })) {
      events.push(event)
      if (events.length === count) break
    }
    return events.map((event) =>
      'object' in event
        ? [event.type, event.object.metadata.name, event.object.metadata.labels?.['app']]
        : event,
    )
  }

  it('tell of objects that come to be selected and cease to be', async () => {
    const since = await store.revision()
    const target = targetOf('secrets', 'a')
    const label = (app: string) => objects.update(target, sent('secrets', named('a', { labels: { app } })))
    await create('secrets', named('a'))
    await label('web')
    await label('web2')
    await create('secrets', named('b', { labels: { app: 'web' } }))
    await label('web')
    await objects.delete(target)
    expect(await watched(6, {}, since)).toEqual([
      ['ADDED', 'a', undefined],
      ['MODIFIED', 'a', 'web'],
      ['MODIFIED', 'a', 'web2'],
      ['ADDED', 'b', 'web'],
      ['MODIFIED', 'a', 'web'],
      ['DELETED', 'a', 'web'],
    ])
    expect(await watched(5, { labelSelector: 'app=web' }, since)).toEqual([
      ['ADDED', 'a', 'web'],
      ['DELETED', 'a', 'web'],
      ['ADDED', 'b', 'web'],
      ['ADDED', 'a', 'web'],
      ['DELETED', 'a', 'web'],
    ])
  })

  it('say that a version is too old, or not known', async () => {
    await store.compact(await store.revision())
    await expectStatus(watched(1, {}, 1), 410, 'Expired', 'too old resource version')
    await expectStatus(watched(1, {}, 999), 504, 'Timeout', 'Too large resource version')
  })

  it('bring bookmarks, and end with their signal', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const query = { resourceVersion: await store.revision(), bookmarkMs: 1000, signal }
    const events = objects.watch(placeOf('secrets'), query)[Symbol.asyncIterator]()
    const next = events.next()
    await Promise.resolve()
    await create('configmaps', named('x'))
    clock.advance(1000)
    expect((await next).value).toEqual({ type: 'BOOKMARK', resourceVersion: String(await store.revision()) })
    const last = events.next()
    controller.abort()
    expect(await last).toEqual({ done: true, value: undefined })
  })
})

describe('the store', () => {
  it('that is closed is a 503, which does not say why', async () => {
    await store.close()
    await expectStatus(
      objects.get(targetOf('secrets', 'x')),
      503,
      'ServiceUnavailable',
      'the store is not available',
    )
    await expectStatus(objects.list(placeOf('secrets')), 503, 'ServiceUnavailable')
  })

  it('has keys as those of kube-apiserver', async () => {
    await create('secrets', named('x'))
    await create('clusterroles', { ...named('system:x'), ...LEAST['clusterroles'] })
    const keys = (await store.list('/registry/')).objects.map(({ key }) => key)
    expect(keys).toContain('/registry/secrets/default/x')
    expect(keys).toContain('/registry/namespaces/default')
    expect(keys).toContain('/registry/rbac.authorization.k8s.io/clusterroles/system:x')
  })
})
