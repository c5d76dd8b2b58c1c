import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { beforeEach, describe, expect, it } from 'vitest'
import { fakeUser } from '@kube-authn/testing'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { kubernetesApi } from '../api/api-handler.ts'
import type { KubernetesApi } from '../api/kubernetes-api.ts'

const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'
const MAPS = '/api/v1/namespaces/default/configmaps'
const MAP = `${MAPS}/m`
const PODS = '/api/v1/namespaces/default/pods'

let store: ObjectStore
let api: KubernetesApi

interface Owner {
  readonly manager: string
  readonly operation: string
  readonly fieldsV1: object
  readonly subresource?: string
}
interface Answer {
  readonly status: number
  readonly json: Readonly<Record<string, unknown>> & {
    readonly metadata: { readonly resourceVersion: string; readonly managedFields?: readonly Owner[] }
  }
}

async function ask(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const headers = { 'content-type': type, 'user-agent': 'editor/1.0 (x)' }
  const response = await api(
    new Request(`https://api${path}`, { method, headers, ...(sent !== undefined && { body: sent }) }),
  )
  return { status: response.status, json: (await response.json()) as Answer['json'] }
}

const map = (data: object, metadata: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
const pod = (containers: readonly object[], rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { containers, ...rest },
})

function apply(manager: string, body: unknown, path = MAP, query = ''): Promise<Answer> {
  return ask('PATCH', `${path}?fieldManager=${manager}${query}`, body, APPLY)
}

const ownersOf = ({ json }: Answer) =>
  (json.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1, subresource }) => [
    `${manager} ${operation}${subresource ?? ''}`,
    fieldsV1,
  ])

beforeEach(async () => {
  store = memoryObjectStore()
  api = await kubernetesApi({ store })
})

describe('an apply', () => {
  it('creates an object, and does not write what is there already', async () => {
    const created = await apply('a', map({ x: '1' }, { labels: { app: 'web' } }))
    expect([created.status, created.json['data']]).toEqual([201, { x: '1' }])
    expect(ownersOf(created)).toEqual([
      ['a Apply', { 'f:metadata': { 'f:labels': { 'f:app': {} } }, 'f:data': { 'f:x': {} } }],
    ])
    const again = await apply('a', map({ x: '1' }, { labels: { app: 'web' } }))
    expect([again.status, again.json]).toEqual([200, created.json])
    expect((await ask('GET', MAP)).json).toEqual(created.json)
  })

  it('reads YAML as well as JSON', async () => {
    const { status, json } = await apply('a', 'apiVersion: v1\nkind: ConfigMap\ndata: {on: "1"}\n')
    expect([status, json['data']]).toEqual([201, { on: '1' }])
  })

  it('removes what the manager does not apply any more, and nothing else', async () => {
    await apply('a', map({ x: '1', y: '2' }))
    await ask('PATCH', MAP, { data: { z: '3' } }, MERGE)
    expect((await apply('a', map({ x: '1' }))).json['data']).toEqual({ z: '3', x: '1' })
    await apply('b', map({ x: '1' }))
    expect((await apply('a', map({}))).json['data']).toEqual({ z: '3', x: '1' })
    const { json } = await apply('b', { apiVersion: 'v1', kind: 'ConfigMap' })
    expect(json['data']).toEqual({ z: '3' })
    expect(json.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['a', 'editor'])
  })

  it('is in conflict with who owns a field of another value, until it is forced', async () => {
    await apply('a', map({ x: '1', y: '2' }))
    await ask('PATCH', MAP, { data: { y: '3' } }, MERGE)
    const refused = await apply('b', map({ x: '9', y: '9' }))
    expect([refused.status, refused.json['reason'], refused.json['message']]).toEqual([
      409,
      'Conflict',
      'Apply failed with 2 conflicts: conflicts with "a":\n- .data.x\nconflicts with "editor" using v1:\n- .data.y',
    ])
    expect(refused.json['details']).toEqual({
      causes: [
        { reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.data.x' },
        { reason: 'FieldManagerConflict', message: 'conflict with "editor" using v1', field: '.data.y' },
      ],
    })
    expect((await ask('GET', MAP)).json['data']).toEqual({ x: '1', y: '3' })
    const forced = await apply('b', map({ x: '9' }), MAP, '&force=true')
    expect(forced.json['data']).toEqual({ x: '9', y: '3' })
    expect(ownersOf(forced)).toEqual([
      ['editor Update', { 'f:data': { 'f:y': {} } }],
      ['b Apply', { 'f:data': { 'f:x': {} } }],
    ])
  })

  it('shares a field that has the same value', async () => {
    await apply('a', map({ x: '1' }))
    expect(ownersOf(await apply('b', map({ x: '1' }))).map(([who]) => who)).toEqual(['a Apply', 'b Apply'])
    expect((await apply('a', map({ x: '2' }))).status).toBe(409)
  })

  it('takes what was there before as owned', async () => {
    await ask('POST', MAPS, map({ x: '1' }, { name: 'm' }))
    expect((await ask('PATCH', MAP, { data: { y: '1' } }, MERGE)).json.metadata.managedFields).toBeUndefined()
    const { status, json } = await apply('a', map({ x: '2' }))
    expect([status, json['message']]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x',
    ])
    expect(ownersOf(await apply('a', map({ x: '1' })))).toEqual([
      ['before-first-apply Update', { 'f:data': { '.': {}, 'f:x': {}, 'f:y': {} } }],
      ['a Apply', { 'f:data': { 'f:x': {} } }],
    ])
  })

  it('gives a field to who changes it, and takes it from all who lose it', async () => {
    await apply('a', map({ x: '1', y: '1' }))
    const { json } = await ask('GET', MAP)
    const replaced = await ask('PUT', `${MAP}?fieldManager=c`, { ...json, data: { x: '2', z: '1' } })
    expect(ownersOf(replaced)).toEqual([['c Update', { 'f:data': { 'f:x': {}, 'f:z': {} } }]])
    const { resourceVersion } = replaced.json.metadata
    expect((await ask('PUT', `${MAP}?fieldManager=d`, replaced.json)).json.metadata.resourceVersion).toBe(
      resourceVersion,
    )
  })

  /** What the server writes into a pod. */
  const ACCOUNT = { serviceAccount: 'default', serviceAccountName: 'default' }

  it('merges lists by their keys, and owns elements and their fields', async () => {
    const path = `${PODS}/p`
    await apply('a', pod([{ name: 'one', image: 'x', env: [{ name: 'A', value: '1' }] }]), path)
    await apply(
      'b',
      pod(
        [
          { name: 'two', image: 'y' },
          { name: 'one', tty: true },
        ],
        { tolerations: [{ key: 'k' }] },
      ),
      path,
    )
    const { json } = await apply('a', pod([{ name: 'one', image: 'z' }]), path)
    expect(json['spec']).toEqual({
      containers: [
        { name: 'two', image: 'y' },
        { name: 'one', image: 'z', tty: true },
      ],
      tolerations: [{ key: 'k' }],
      ...ACCOUNT,
    })
    const left = await apply('b', pod([{ name: 'one' }]), path)
    expect(left.json['spec']).toEqual({ containers: [{ name: 'one', image: 'z' }], ...ACCOUNT })
    expect(ownersOf(left)).toEqual([
      [
        'a Apply',
        { 'f:spec': { 'f:containers': { 'k:{"name":"one"}': { '.': {}, 'f:name': {}, 'f:image': {} } } } },
      ],
      ['b Apply', { 'f:spec': { 'f:containers': { 'k:{"name":"one"}': { '.': {}, 'f:name': {} } } } }],
    ])
  })

  it('owns a list without keys as a whole', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles/r'
    const role = (verb: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      rules: [{ verbs: [verb], nonResourceURLs: ['/x'] }],
    })
    expect(ownersOf(await apply('a', role('get'), path))).toEqual([['a Apply', { 'f:rules': {} }]])
    expect((await apply('b', role('put'), path)).status).toBe(409)
    expect((await apply('b', role('put'), path, '&force=1')).json['rules']).toEqual(role('put').rules)
  })

  it('of a part is by its path, and creates nothing', async () => {
    const node = <Fields extends object>(fields: Fields) => ({ apiVersion: 'v1', kind: 'Node', ...fields })
    const status = node({
      spec: { unschedulable: true },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    })
    expect((await apply('a', status, '/api/v1/nodes/n/status')).status).toBe(404)
    await apply('a', node({ spec: { podCIDR: '10.0.0.0/24' }, status: { phase: 'x' } }), '/api/v1/nodes/n')
    const applied = await apply('a', status, '/api/v1/nodes/n/status')
    expect(applied.json).toMatchObject({
      spec: { podCIDR: '10.0.0.0/24' },
      status: status.status,
    })
    expect(ownersOf(applied).map(([who]) => who)).toEqual(['a Apply', 'a Applystatus'])
    expect((await apply('a', node({}), '/api/v1/nodes/n')).json).toMatchObject({
      spec: {},
      status: status.status,
    })
  })

  it('is not written in a dry run', async () => {
    expect((await apply('a', map({ x: '1' }), MAP, '&dryRun=All')).status).toBe(201)
    expect((await ask('GET', MAP)).status).toBe(404)
  })

  it('of many at once ends with what all of them applied', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => apply(`m${index}`, map({ [`k${index}`]: '1' }))),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 9 }, () => 200),
      201,
    ])
    const { json } = await ask('GET', MAP)
    expect([Object.keys(json['data'] as object).length, json.metadata.managedFields?.length]).toEqual([
      10, 10,
    ])
  })

  it.each<[number, string, unknown]>([
    [400, '', ''],
    [400, '', '{'],
    [400, '', '[]'],
    [400, '', 'a: 1\n---\nb: 2'],
    [400, '', { kind: 'ConfigMap' }],
    [400, '', { apiVersion: 'v1' }],
    [400, '', { apiVersion: 'v1', kind: 'Secret' }],
    [400, '', { apiVersion: 'v2', kind: 'ConfigMap' }],
    [400, '', map({}, { name: 'other' })],
    [400, '', map({}, { namespace: 'other' })],
    [400, '', map({}, { managedFields: [] })],
    [400, '', `apiVersion: v1\nkind: ConfigMap\ndata: ${'{a: '.repeat(5000)}1${'}'.repeat(5000)}`],
    [400, '', `{"apiVersion":"v1","kind":"ConfigMap","x":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`],
    [409, '', map({}, { uid: 'other' })],
    [422, '', map({ '../x': '1' })],
    [500, '', map({ x: 1 })],
    [500, '', { ...map({}), other: 1 }],
    [500, '&fieldValidation=Strict', { ...map({}), other: 1 }],
    [500, '&fieldValidation=Ignore', { ...map({}), other: 1 }],
    [422, '&dryRun=Some', map({})],
  ])('is refused with %i%s: %j', async (status, query, body) => {
    const { status: answered, json } = await apply('a', body, MAP, query)
    expect([answered, json['code'], json['kind']]).toEqual([status, status, 'Status'])
    expect((await ask('GET', MAP)).status).toBe(404)
  })

  it('is refused with 413 if it is longer than 3 MiB', async () => {
    const { status, json } = await apply('a', ' '.repeat(4_000_000))
    expect([status, json['code'], json['kind']]).toEqual([413, 413, 'Status'])
  })

  it('needs a manager', async () => {
    const { status, json } = await ask('PATCH', MAP, map({}), APPLY)
    expect([status, json['message']]).toEqual([
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ])
  })

  const ROLE = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/r'
  it.each<[string, object, string]>([
    [
      MAP,
      { ...map({}, { name: 'm' }), datta: {} },
      '/m; /v1, Kind=ConfigMap): .datta: field not declared in schema',
    ],
    [MAP, map({ x: 1 }), '/; /v1, Kind=ConfigMap): .data.x: expected string'],
    [MAP, { ...map({}), data: [] }, '/; /v1, Kind=ConfigMap): .data: expected map'],
    [MAP, map({}, { labels: {}, lables: {} }), '.metadata.lables: field not declared in schema'],
    [MAP, map({}, { finalizers: ['a', 'a'] }), '.metadata.finalizers: duplicate entries for key [="a"]'],
    [
      ROLE,
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'r' },
        rules: [{ verb: [], resources: 'x' }],
      },
      `(/r; rbac.authorization.k8s.io/v1, Kind=Role): errors:
  .rules[0].verb: field not declared in schema
  .rules[0].resources: expected list`,
    ],
    [
      `${PODS}/p`,
      pod([{ name: 'a' }, { name: 'a' }]),
      '.spec.containers: duplicate entries for key [name="a"]',
    ],
    [`${PODS}/p`, pod([{ image: 'x' }]), 'has an element that omits a key field'],
    [MAP, { ...map({}), immutable: 'true' }, '.immutable: expected boolean'],
    [
      '/apis/coordination.k8s.io/v1/namespaces/default/leases/l',
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: { leaseDurationSeconds: '1' } },
      '.spec.leaseDurationSeconds: expected numeric (int or float)',
    ],
    [
      `${PODS}/p`,
      pod([{ name: 'a', resources: { limits: { cpu: {} } } }]),
      '.spec.containers[name="a"].resources.limits.cpu: expected any scalar',
    ],
    [
      `${PODS}/p`,
      pod([{ name: 'a', livenessProbe: { tcpSocket: { port: [] } } }]),
      '.spec.containers[name="a"].livenessProbe.tcpSocket.port: expected any scalar',
    ],
  ])('is refused if it is not of the type of the object: %s %j', async (path, body, why) => {
    const { status, json } = await apply('a', body, path)
    expect([status, json['code'], Object.hasOwn(json, 'reason')]).toEqual([500, 500, false])
    expect(json['message']).toContain('failed to create typed patch object (')
    expect(json['message']).toContain(why)
  })

  it('keeps keys such as __proto__', async () => {
    const data = JSON.parse('{"__proto__":"1","constructor":"2"}') as object
    await apply('a', map(data))
    expect(JSON.stringify((await ask('GET', MAP)).json['data'])).toBe('{"__proto__":"1","constructor":"2"}')
    const { json } = await apply('a', map(JSON.parse('{"constructor":"2"}') as object))
    expect(JSON.stringify(json['data'])).toBe('{"constructor":"2"}')
  })

  it('creates only what the caller may create', async () => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'patcher' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }],
    }
    const binding = {
      ...role,
      kind: 'ClusterRoleBinding',
      rules: undefined,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'patcher' },
      subjects: [{ kind: 'User', name: 'jane' }],
    }
    const authorizer = rbac(parseRbac([role, binding].map((each) => JSON.stringify(each)).join('\n---\n')))
    const guarded = await kubernetesApi({ store, authorizer })
    const request = () =>
      new Request(`https://api${MAP}?fieldManager=a`, {
        method: 'PATCH',
        headers: { 'content-type': APPLY },
        body: JSON.stringify(map({ x: '1' })),
      })
    const refused = await guarded(request(), { user: fakeUser({ username: 'jane' }) })
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { message: expect.stringContaining('User "jane" cannot create resource "configmaps"') as unknown },
    ])
    await ask('POST', MAPS, map({}, { name: 'm' }))
    expect((await guarded(request(), { user: fakeUser({ username: 'jane' }) })).status).toBe(200)
  })
})

describe('the owners of fields', () => {
  it('are ten at most that update, and the older ones are one', async () => {
    await apply('a', map({ x: '1' }))
    for (let index = 0; index < 30; index++) {
      const { status } = await ask(
        'PATCH',
        `${MAP}?fieldManager=m${index}`,
        { data: { [`k${index}`]: '1' } },
        MERGE,
      )
      expect(status).toBe(200)
    }
    const owners = ownersOf(await ask('GET', MAP))
    const later = Array.from({ length: 9 }, (_, index) => `m${index + 21} Update`)
    expect(owners.map(([who]) => who)).toEqual(['ancient-changes Update', 'a Apply', ...later])
    const ancient = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`f:k${index}`, {}]))
    expect(owners[0]).toEqual(['ancient-changes Update', { 'f:data': ancient }])
  })

  it.each([
    ['POST', 'CreateOptions', MAPS],
    ['PUT', 'UpdateOptions', MAP],
  ])('have short and printable names with %s', async (method, kind, path) => {
    await apply('a', map({ x: '1' }))
    const sent = map({ x: '2' }, method === 'PUT' ? { name: 'm' } : { generateName: 'n-' })
    for (const name of ['x'.repeat(129), '%00', '%1b%5b2J', '%0a']) {
      const { status, json } = await ask(method, `${path}?fieldManager=${name}`, sent)
      expect([status, json['reason']]).toEqual([422, 'Invalid'])
      expect(json['message']).toMatch(`${kind}.meta.k8s.io "" is invalid: fieldManager: `)
    }
    expect((await ask(method, `${path}?fieldManager=${'x'.repeat(128)}`, sent)).status).toBeLessThan(202)
  })
})

describe('an apply of a certificate request', () => {
  it('is refused if it is not known who makes it, as a POST is', async () => {
    const request = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', spec: {} }
    const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
    const posted = await ask('POST', path, { ...request, metadata: { name: 'r' } })
    const applied = await apply('a', request, `${path}/r`)
    expect([applied.status, applied.json]).toEqual([posted.status, posted.json])
    expect(applied.status).toBe(500)
  })
})
