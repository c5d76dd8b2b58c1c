import { attributesOf } from '@kube-authn/core/authorization'
import { fakeUser } from '@kube-authn/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Ask, askApi, type Asked } from '../../test/ask-api.ts'
import { storedRbac } from '../rbac/stored-rbac.ts'
import { memoryObjectStore } from '@kube-authn/store'

const CORE = '/api/v1/namespaces/default'
const RBAC = 'rbac.authorization.k8s.io'
const ROLE_REF = { apiGroup: RBAC, kind: 'Role', name: 'x' }
const USER = { kind: 'User', name: 'u', apiGroup: RBAC }

let ask: Ask

beforeEach(async () => {
  ask = await askApi()
})

interface Kind {
  readonly path: string
  readonly apiVersion: string
  readonly kind: string
}
const core = (kind: string, plural: string): Kind => ({ path: `${CORE}/${plural}/x`, apiVersion: 'v1', kind })
const inGroup = (group: string, kind: string, plural: string): Kind => ({
  path: `/apis/${group}/v1/namespaces/default/${plural}/x`,
  apiVersion: `${group}/v1`,
  kind,
})
const MAP = core('ConfigMap', 'configmaps')
const SECRET = core('Secret', 'secrets')
const ACCOUNT = core('ServiceAccount', 'serviceaccounts')
const LEASE = inGroup('coordination.k8s.io', 'Lease', 'leases')
const ROLE = inGroup(RBAC, 'Role', 'roles')
const BINDING = inGroup(RBAC, 'RoleBinding', 'rolebindings')

async function apply(
  { path, ...type }: Kind,
  fields: object,
  query = 'fieldManager=m',
): Promise<Asked['json']> {
  const headers = { 'content-type': 'application/apply-patch+yaml' }
  const { status, json } = await ask('PATCH', `${path}?${query}`, { ...type, ...fields }, headers)
  expect([200, 201]).toContain(status)
  return json
}

const ownersOf = ({ metadata }: Asked['json']): unknown =>
  Object.fromEntries(
    (
      (metadata as { managedFields?: readonly { manager: string; fieldsV1: unknown }[] }).managedFields ?? []
    ).map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
  )

/** A field that is empty, and with something in it. */
const EMPTY: readonly [Kind, object, object][] = [
  [MAP, { data: {} }, { data: { a: '1' } }],
  [MAP, { data: null }, { data: { a: '1' } }],
  [MAP, { binaryData: {} }, { binaryData: { a: 'MQ==' } }],
  [SECRET, { data: {} }, { data: { a: 'MQ==' } }],
  [MAP, { metadata: { labels: {} } }, { metadata: { labels: { x: '1' } } }],
  [MAP, { metadata: { annotations: {} } }, { metadata: { annotations: { x: '1' } } }],
  [MAP, { metadata: { finalizers: [] } }, { metadata: { finalizers: ['a.b/c'] } }],
  [ACCOUNT, { imagePullSecrets: [] }, { imagePullSecrets: [{ name: 'p' }] }],
  [ROLE, { rules: [] }, { rules: [{ apiGroups: [''], resources: ['x'], verbs: ['get'] }] }],
  [BINDING, { roleRef: ROLE_REF, subjects: [] }, { roleRef: ROLE_REF, subjects: [USER] }],
  [LEASE, { spec: {} }, { spec: { holderIdentity: 'x' } }],
]

describe('an apply around something empty', () => {
  it.each(EMPTY)('of a %j writes what is applied after %j: %j', async (kind, empty, full) => {
    await apply(kind, empty)
    expect(await apply(kind, full)).toMatchObject(full)
  })

  it.each(EMPTY)('of a %j withdraws what is not applied any more by %j: %j', async (kind, empty, full) => {
    const nothing = await apply({ ...kind, path: `${kind.path}-empty` }, empty)
    await apply(kind, full)
    const { metadata, ...fields } = await apply(kind, empty)
    const { metadata: ofNothing, ...none } = nothing
    expect(fields).toEqual(none)
    const marksOf = ({ labels, annotations, finalizers }: typeof metadata) => ({
      labels,
      annotations,
      finalizers,
    })
    expect(marksOf(metadata)).toEqual(marksOf(ofNothing))
  })

  it.each(EMPTY)('of a %j leaves to others what they have applied: %j', async (kind, empty, full) => {
    await apply(kind, full, 'fieldManager=other')
    await apply(kind, full)
    // A list with one owner is another value when it is empty.
    const isConflict = [ROLE, BINDING, ACCOUNT].includes(kind)
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const { path, ...type } = kind
    const { status } = await ask('PATCH', `${path}?fieldManager=m`, { ...type, ...empty }, headers)
    expect(status).toBe(isConflict ? 409 : 200)
    expect((await ask('GET', path)).json).toMatchObject(full)
  })
})

describe('a label of aggregation', () => {
  it('gives rights as long as it is applied, and an empty map withdraws it', async () => {
    const store = memoryObjectStore()
    const policy = await storedRbac({ store, onError: () => {} })
    ask = await askApi({ store })
    const group = '/apis/rbac.authorization.k8s.io/v1'
    await ask('POST', `${group}/clusterroles`, {
      metadata: { name: 'all' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] },
    })
    await ask('POST', `${group}/clusterrolebindings`, {
      metadata: { name: 'b' },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'all' },
      subjects: [{ ...USER, name: 'jane' }],
    })
    const extra = { path: `${group}/clusterroles/extra`, apiVersion: `${RBAC}/v1`, kind: 'ClusterRole' }
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }]
    const list = attributesOf(fakeUser({ username: 'jane' }), { verb: 'list', resource: 'secrets' })
    for (const [labels, verdict] of [
      [{}, 'noOpinion'],
      [{ part: 'yes' }, 'allow'],
      [{}, 'noOpinion'],
    ] as const) {
      await apply(extra, { metadata: { labels }, rules })
      await vi.waitFor(async () => expect((await policy.authorize(list, {})).verdict).toBe(verdict))
    }
    await policy.close()
  })
})

describe('the owners after writes', () => {
  const write = (fields: object, kind = MAP) =>
    ask('PATCH', `${kind.path}?fieldManager=u`, fields, { 'content-type': 'application/merge-patch+json' })

  it('have the map itself if an update makes it, and an empty map if it is applied', async () => {
    await apply(MAP, { metadata: { annotations: { n: '1' } } })
    const written = await write({ data: { a: '1' }, metadata: { labels: { x: '1' } } })
    expect(ownersOf(written.json)).toMatchObject({
      u: {
        'f:data': { '.': {}, 'f:a': {} },
        'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } },
      },
    })
    expect(ownersOf(await apply(MAP, { data: {}, metadata: {} }))).toMatchObject({ m: { 'f:data': {} } })
  })

  it('own the reference to a role as a whole', async () => {
    const applied = await apply(BINDING, { roleRef: ROLE_REF, subjects: [USER] })
    expect(ownersOf(applied)).toEqual({ m: { 'f:roleRef': {}, 'f:subjects': {} } })
  })

  it('have no `before-first-apply` if there was nothing', async () => {
    const { path, ...type } = MAP
    await ask('POST', `${CORE}/configmaps`, { ...type, metadata: { name: 'x' } })
    expect(ownersOf(await apply(MAP, { data: { a: '1' } }))).toEqual({ m: { 'f:data': { 'f:a': {} } } })
    expect((await ask('GET', path)).status).toBe(200)
  })

  it('own nothing of a map that is not there any more', async () => {
    const { path, ...type } = MAP
    await ask('POST', `${CORE}/configmaps`, { ...type, metadata: { name: 'x' }, data: { a: '1' } })
    const applied = await apply(MAP, { metadata: { labels: { l: '1' } } })
    expect(ownersOf(applied)).toMatchObject({ 'before-first-apply': { 'f:data': { '.': {}, 'f:a': {} } } })
    const removed = await write({ data: null })
    expect(ownersOf(removed.json)).toEqual({ m: { 'f:metadata': { 'f:labels': { 'f:l': {} } } } })
    expect((await ask('GET', path)).json).not.toHaveProperty('data')
  })

  it('owned what is below fields that are always there before something was applied', async () => {
    const { path: _, ...type } = LEASE
    const lease = { ...type, metadata: { name: 'x' }, spec: { holderIdentity: 'x' } }
    await ask('POST', '/apis/coordination.k8s.io/v1/namespaces/default/leases', lease)
    expect(ownersOf(await apply(LEASE, { metadata: { labels: { l: '1' } } }))).toMatchObject({
      'before-first-apply': { 'f:spec': { 'f:holderIdentity': {} } },
    })
    const { managedFields } = (await ask('GET', LEASE.path)).json.metadata as { managedFields?: unknown }
    expect(JSON.stringify(managedFields)).not.toContain('"f:spec":{".":')
  })

  it('own what is below fields that are always there, and not these', async () => {
    await apply(LEASE, { metadata: { annotations: { n: '1' } } })
    const written = await write({ spec: { holderIdentity: 'x' } }, LEASE)
    expect(ownersOf(written.json)).toMatchObject({ u: { 'f:spec': { 'f:holderIdentity': {} } } })
    expect(JSON.stringify(ownersOf(written.json))).not.toContain('"f:spec":{".":')
  })
})

describe('a list that is applied', () => {
  it.each<[string, string, string]>([
    ['a b c', 'c a', 'b c a'],
    ['a', 'b a', 'b a'],
    ['a b', 'c', 'a b c'],
    ['a b c d', 'd x b', 'a c d x b'],
    ['', 'b a', 'b a'],
    ['a b', 'a b', 'a b'],
    ['a b c', 'b', 'a b c'],
  ])('with %s in it gets the order of %s: %s', async (live, applied, result) => {
    const secretsOf = (names: string) => ({
      secrets: names
        .split(' ')
        .filter((name) => name !== '')
        .map((name) => ({ name })),
    })
    await apply(ACCOUNT, secretsOf(live), 'fieldManager=other')
    expect(await apply(ACCOUNT, secretsOf(applied))).toMatchObject(secretsOf(result))
  })
})
