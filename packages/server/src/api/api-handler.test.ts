import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { beforeEach, describe, expect, it } from 'vitest'
import { userInfo } from '@kube-authn/core'
import { fixedClock } from '../../../core/test/fakes.ts'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { clientRequest } from '../../test/signing-requests.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { kubernetesApi } from './api-handler.ts'
import type { KubernetesApi } from './kubernetes-api.ts'
import { continueToken } from '@kube-authn/store/internal'

let clock: ReturnType<typeof fixedClock>
let store: ObjectStore
let api: KubernetesApi

beforeEach(async () => {
  clock = fixedClock(1_800_000_000_000)
  store = memoryObjectStore({ clock })
  api = await kubernetesApi({ store, clock })
})

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent =
    body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const response = await api(
    new Request(`https://api${path}`, {
      method,
      headers: { ...(sent !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(sent !== undefined && { body: sent as BodyInit }),
    }),
  )
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && !text.includes('\n') ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

/** A request whose path is exactly this one. */
function request(method: string, target: string) {
  const message = { method, url: target, rawHeaders: [], headers: {}, httpVersionMajor: 1 }
  return { request: incomingMessageRequest(message), body: () => Promise.resolve(new Uint8Array()) }
}

/** Of a revision that the store has not reached. */
const FORGED = continueToken({ revision: 1e12, after: '/registry/secrets/default/x' })
const SECRETS = '/api/v1/namespaces/default/secrets'
const MAPS = '/api/v1/namespaces/default/configmaps'
const ROLES = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles'
const secret = (name: string, rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  ...rest,
})
const TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

describe('every refusal is a Status, without a stack or what was sent', () => {
  const deep = `{"kind":"Pod","spec":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)},"metadata":{"name":"x"}}`
  it.each<[number, string, string, string, unknown, Record<string, string>?]>([
    [400, 'BadRequest', 'POST', SECRETS, '{'],
    [400, 'BadRequest', 'POST', SECRETS, ''],
    [400, 'BadRequest', 'POST', SECRETS, '[]'],
    [400, 'BadRequest', 'POST', SECRETS, 'null'],
    [400, 'BadRequest', 'POST', SECRETS, Uint8Array.of(0xff, 0xfe)],
    [400, 'BadRequest', 'POST', SECRETS, { kind: 'ConfigMap', metadata: { name: 'x' } }],
    [400, 'BadRequest', 'POST', SECRETS, { apiVersion: 'v2', metadata: { name: 'x' } }],
    [400, 'BadRequest', 'POST', SECRETS, secret('x', { data: { a: 1 } })],
    [400, 'BadRequest', 'POST', `${SECRETS}?fieldValidation=Strict`, secret('x', { other: 1 })],
    [405, 'MethodNotAllowed', 'POST', '/api/v1/secrets', secret('x')],
    [
      400,
      'BadRequest',
      'POST',
      ROLES,
      { metadata: { name: 'x' }, rules: [{ verbs: ['get'], apiGroups: 'x' }] },
    ],
    [
      400,
      'BadRequest',
      'POST',
      `${ROLES}?fieldValidation=Strict`,
      { metadata: { name: 'x' }, rules: [{ verb: ['get'] }] },
    ],
    [
      400,
      'BadRequest',
      'POST',
      SECRETS,
      'k8s\0garbage',
      { 'content-type': 'application/vnd.kubernetes.protobuf' },
    ],
    [400, 'BadRequest', 'GET', `${SECRETS}?limit=-x`, undefined],
    [400, 'BadRequest', 'GET', `${SECRETS}?limit=x`, undefined],
    [400, 'BadRequest', 'GET', `${SECRETS}?continue=x`, undefined],
    [400, 'BadRequest', 'GET', `${SECRETS}?continue=${FORGED}`, undefined],
    [400, 'BadRequest', 'GET', `${SECRETS}?labelSelector=a+in`, undefined],
    [400, 'BadRequest', 'GET', `${SECRETS}?fieldSelector=x=1`, undefined],
    [400, 'BadRequest', 'GET', `${SECRETS}?resourceVersion=-5`, undefined],
    [400, 'BadRequest', 'GET', `${SECRETS}?includeObject=All`, undefined],
    [400, 'BadRequest', 'DELETE', `${SECRETS}/x`, '[]'],
    [404, 'NotFound', 'GET', `${SECRETS}/x`, undefined],
    [404, 'NotFound', 'PUT', `${SECRETS}/x`, secret('x')],
    [404, 'NotFound', 'DELETE', `${SECRETS}/x`, undefined],
    [404, 'NotFound', 'POST', '/api/v1/namespaces/none/secrets', secret('x')],
    [405, 'MethodNotAllowed', 'POST', `${SECRETS}/x`, secret('x')],
    [405, 'MethodNotAllowed', 'PUT', SECRETS, secret('x')],
    [405, 'MethodNotAllowed', 'PATCH', SECRETS, '{}'],
    [415, 'UnsupportedMediaType', 'PATCH', `${SECRETS}/x`, '{}'],
    [404, 'NotFound', 'PATCH', `${SECRETS}/x`, '{}', { 'content-type': 'application/merge-patch+json' }],
    [405, 'MethodNotAllowed', 'DELETE', '/api/v1/nodes/x/status', undefined],
    [405, 'MethodNotAllowed', 'POST', '/version', '{}'],
    [405, 'MethodNotAllowed', 'POST', '/apis', '{}'],
    [406, 'NotAcceptable', 'GET', SECRETS, undefined, { accept: 'application/cbor' }],
    [406, 'NotAcceptable', 'GET', '/api', undefined, { accept: 'text/html' }],
    [
      406,
      'NotAcceptable',
      'GET',
      SECRETS,
      undefined,
      { accept: 'application/json;as=Table;v=v9;g=meta.k8s.io' },
    ],
    [413, 'RequestEntityTooLarge', 'POST', SECRETS, ' '.repeat(10_000_000)],
    [
      413,
      'RequestEntityTooLarge',
      'POST',
      MAPS,
      { metadata: { name: 'x' }, data: { a: 'x'.repeat(1_048_576) } },
    ],
    [
      415,
      'UnsupportedMediaType',
      'POST',
      SECRETS,
      'a=b',
      { 'content-type': 'application/x-www-form-urlencoded' },
    ],
    [415, 'UnsupportedMediaType', 'POST', SECRETS, '{}', { 'content-type': 'application/cbor' }],
    [422, 'Invalid', 'POST', SECRETS, secret('')],
    [422, 'Invalid', 'POST', SECRETS, secret('../x')],
    [400, 'BadRequest', 'POST', '/api/v1/namespaces/default/pods?fieldValidation=Strict', deep],
    [422, 'Invalid', 'POST', `${SECRETS}?dryRun=Some`, secret('x')],
    [422, 'Invalid', 'POST', `${SECRETS}?dryRun=`, secret('x')],
    [422, 'Invalid', 'POST', `${SECRETS}?dryRun=&dryRun=All`, secret('x')],
    [422, 'Invalid', 'DELETE', `${SECRETS}/x`, { dryRun: [''] }],
    [405, 'MethodNotAllowed', 'DELETE', '/api/v1/secrets', undefined],
    [405, 'MethodNotAllowed', 'DELETE', '/api/v1/namespaces', undefined],
    [422, 'Invalid', 'GET', `${SECRETS}?watch=1&sendInitialEvents=true`, undefined],
    [422, 'Invalid', 'DELETE', `${SECRETS}/x`, { dryRun: ['Some'] }],
  ])('%i %s: %s %s', async (status, reason, method, path, body, headers = {}) => {
    const { status: answered, json, text } = await ask(method, path, body, headers)
    expect([answered, json['code'], json['reason'], json['kind']]).toEqual([status, status, reason, 'Status'])
    expect(text).not.toMatch(/\.ts|node:|Error:/)
    expect((await store.list('/registry/secrets/')).objects).toEqual([])
  })

  it.each([
    '/',
    '/foo',
    '/apis/v1/namespaces/default/secrets',
    '/apis/other',
    '/%61pis/',
    '/apis//',
    '/healthz/',
  ])('%s is not found, which is said in text', async (path) => {
    const response = await api.answer({ ...request('GET', path), signal: new AbortController().signal })
    expect(response).toMatchObject({ status: 404, content: '404 page not found\n' })
  })

  it.each([
    '/api/v2',
    '/api/v1/foos',
    '/api/v1/namespaces/default/foos',
    '/api/v1/namespaces/default/secrets/',
    '/api/v1/namespaces//secrets',
    '/api//v1/namespaces/default/secrets',
    '/api/v1/namespaces/default/secrets/x/status',
    '/api/v1/namespaces/default/secrets/x/y/z',
    '/api/v1/secrets/x',
    '/api/v1/namespaces/default/nodes',
    '/api/v1//',
    '/apis/rbac.authorization.k8s.io/v2',
    '/apis/rbac.authorization.k8s.io/v2/roles',
    '/version/x',
    '/api/v1/watch/secrets',
    '/api/v1/proxy/nodes/x',
    '/api/v1/namespaces/default/secrets/x%2fy',
    '/api/v1/namespaces/default/../default/secrets',
  ])('%s is not found', async (path) => {
    const answer = await api.answer({ ...request('GET', path), signal: new AbortController().signal })
    expect(answer).toMatchObject({
      status: 404,
      body: {
        kind: 'Status',
        reason: 'NotFound',
        message: 'the server could not find the requested resource',
        details: {},
      },
    })
  })

  it('lets no client change the phase of a namespace', async () => {
    const sent = { metadata: { name: 'default' }, status: { phase: 'Terminating' } }
    expect((await ask('PUT', '/api/v1/namespaces/default/status', sent)).status).toBe(200)
    expect((await ask('GET', '/api/v1/namespaces/default')).json).toMatchObject({
      status: { phase: 'Active' },
    })
  })

  it('of what fails says nothing of the cause', async () => {
    await store.close()
    expect(await ask('GET', SECRETS)).toMatchObject({
      status: 503,
      json: { message: 'the store is not available' },
    })
    expect((await ask('GET', '/readyz')).status).toBe(500)
  })
})

describe('objects', () => {
  it('are created, read, replaced and deleted', async () => {
    const created = await ask('POST', SECRETS, secret('x', { stringData: { a: 'b' } }))
    expect(created).toMatchObject({
      status: 201,
      json: { kind: 'Secret', data: { a: 'Yg==' }, type: 'Opaque' },
    })
    expect(created.headers.get('cache-control')).toBe('no-cache, private')
    const { json } = await ask('GET', `${SECRETS}/x`)
    expect(json).toEqual(created.json)
    const replaced = await ask('PUT', `${SECRETS}/x`, { ...json, data: { a: 'Yw==' } })
    expect(replaced).toMatchObject({ status: 200, json: { data: { a: 'Yw==' } } })
    expect(await ask('PUT', `${SECRETS}/x`, { ...json, data: {} })).toMatchObject({
      status: 409,
      json: { reason: 'Conflict' },
    })
    const { uid } = json['metadata'] as { uid: string }
    expect((await ask('DELETE', `${SECRETS}/x`, { preconditions: { uid: 'other' } })).status).toBe(409)
    expect(
      (await ask('DELETE', `${SECRETS}/x`, { propagationPolicy: 'Background', preconditions: { uid } })).json,
    ).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'x', kind: 'secrets', uid },
    })
  })

  it('may be created without version and kind; unknown fields are left out with a warning, or silently', async () => {
    const warned = await ask('POST', SECRETS, { metadata: { name: 'x' }, other: 1 })
    expect(warned.headers.get('warning')).toBe('299 - "unknown field \\"other\\""')
    expect(warned.json).not.toHaveProperty('other')
    const ignored = await ask('POST', `${SECRETS}?fieldValidation=Ignore`, {
      metadata: { name: 'y' },
      other: 1,
    })
    expect([ignored.status, ignored.headers.get('warning')]).toEqual([201, null])
  })

  it('with __proto__ for a key are like any other', async () => {
    const { json } = await ask('POST', MAPS, '{"metadata":{"name":"x"},"data":{"__proto__":"1"}}')
    expect(Object.entries(json['data'] as object)).toEqual([['__proto__', '1']])
    expect((await ask('GET', `${MAPS}/x`)).text).toContain('"data":{"__proto__":"1"}')
  })

  it('are not written in a dry run', async () => {
    const before = await store.revision()
    expect((await ask('POST', `${SECRETS}?dryRun=All`, secret('x'))).status).toBe(201)
    await ask('POST', SECRETS, secret('y'))
    expect((await ask('DELETE', `${SECRETS}/y?dryRun=All`)).status).toBe(200)
    expect((await ask('DELETE', `${SECRETS}/y`, { dryRun: ['All'] })).status).toBe(200)
    expect(await store.revision()).toBe(before + 1)
  })

  it('that a finalizer keeps are the answer to their deletion', async () => {
    await ask('POST', MAPS, { metadata: { name: 'x', finalizers: ['example.com/a'] } })
    expect((await ask('DELETE', `${MAPS}/x`)).json).toMatchObject({
      kind: 'ConfigMap',
      metadata: { deletionTimestamp: '2027-01-15T08:00:00Z' },
    })
  })

  it('are deleted by the preconditions of a body without length and type', async () => {
    await ask('POST', SECRETS, secret('x'))
    const body = new Blob([JSON.stringify({ preconditions: { uid: 'other' } })]).stream()
    const init = { method: 'DELETE', body, duplex: 'half' }
    expect((await api(new Request(`https://api${SECRETS}/x`, init))).status).toBe(409)
    expect((await ask('GET', `${SECRETS}/x`)).status).toBe(200)
  })

  it('are deleted together, if they are selected', async () => {
    for (const name of ['a', 'b', 'c']) {
      await ask('POST', SECRETS, { metadata: { name, labels: { is: name === 'b' ? 'kept' : 'gone' } } })
    }
    const { json } = await ask('DELETE', `${SECRETS}?labelSelector=is%3Dgone`)
    expect(json).toMatchObject({
      kind: 'SecretList',
      items: [{ metadata: { name: 'a' } }, { metadata: { name: 'c' } }],
    })
    expect((await ask('GET', SECRETS)).json).toMatchObject({ items: [{ metadata: { name: 'b' } }] })
  })

  it('have a status of their own path', async () => {
    await ask('POST', '/api/v1/nodes', { metadata: { name: 'n' } })
    await ask('PUT', '/api/v1/nodes/n/status', { metadata: { name: 'n' }, status: { phase: 'x' } })
    expect((await ask('GET', '/api/v1/nodes/n/status')).json).toMatchObject({ status: { phase: 'x' } })
  })

  it('may have colons in their names, escaped or not', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
    await ask('POST', path, { metadata: { name: 'system:x' }, rules: [] })
    expect((await ask('GET', `${path}/system:x`)).status).toBe(200)
    expect((await ask('GET', `${path}/system%3ax`)).status).toBe(200)
  })
})

describe('a list', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c']) await ask('POST', SECRETS, secret(name))
  })

  it('has pages of one version', async () => {
    const first = await ask('GET', `${SECRETS}?limit=2`)
    const { continue: token, resourceVersion } = first.json['metadata'] as Record<string, string>
    await ask('DELETE', `${SECRETS}/c`)
    const second = await ask('GET', `${SECRETS}?limit=2&continue=${token}`)
    expect(second.json).toMatchObject({ metadata: { resourceVersion }, items: [{ metadata: { name: 'c' } }] })
    await store.compact(await store.revision())
    expect(await ask('GET', `${SECRETS}?continue=${token}`)).toMatchObject({
      status: 410,
      json: { reason: 'Expired' },
    })
  })

  it('is a table for those who prefer one', async () => {
    clock.advance(60_000)
    const { json } = await ask('GET', `${SECRETS}?limit=1`, undefined, { accept: TABLE })
    expect(json).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { continue: expect.any(String) },
      columnDefinitions: [
        { name: 'Name', format: 'name' },
        { name: 'Type' },
        { name: 'Data' },
        { name: 'Age' },
      ],
      rows: [
        {
          cells: ['a', 'Opaque', 0, '60s'],
          object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } },
        },
      ],
    })
    expect(
      (await ask('GET', `${SECRETS}/a?includeObject=Object`, undefined, { accept: TABLE })).json,
    ).toMatchObject({ rows: [{ object: { kind: 'Secret' } }] })
    expect(
      (await ask('GET', `${SECRETS}/a?includeObject=None`, undefined, { accept: TABLE })).text,
    ).not.toContain('PartialObjectMetadata')
    expect((await ask('GET', SECRETS, undefined, { accept: `application/json,${TABLE}` })).json['kind']).toBe(
      'SecretList',
    )
  })

  it('is not of an exact version of the past', async () => {
    const { resourceVersion } = (await ask('GET', SECRETS)).json['metadata'] as Record<string, string>
    const exact = (version: string) =>
      ask('GET', `${SECRETS}?resourceVersionMatch=Exact&resourceVersion=${version}`)
    expect((await exact(resourceVersion!)).status).toBe(200)
    expect((await exact('1')).status).toBe(410)
  })
})

describe('a watch', () => {
  /** The first events, as they are sent. */
  async function watched(
    count: number,
    query: string,
    during?: () => Promise<unknown>,
  ): Promise<readonly Record<string, unknown>[]> {
    const gone = new AbortController()
    const response = await api(
      new Request(`https://api${SECRETS}?watch=true&${query}`, { signal: gone.signal }),
    )
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const reading = (async () => {
      while (text.split('\n').length <= count) {
        const { done, value } = await reader.read()
        if (done) break
        text += value
      }
    })()
    await during?.()
    await reading
    gone.abort()
    await reader.cancel()
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  it('begins with what is there, and goes on with what changes', async () => {
    await ask('POST', SECRETS, secret('a'))
    const events = await watched(3, '', async () => {
      await ask('POST', SECRETS, secret('b'))
      await ask('DELETE', `${SECRETS}/a`)
    })
    expect(
      events.map(({ type, object }) => [type, (object as { metadata: { name: string } }).metadata.name]),
    ).toEqual([
      ['ADDED', 'a'],
      ['ADDED', 'b'],
      ['DELETED', 'a'],
    ])
  })

  it('goes on from a version, and brings bookmarks', async () => {
    const since = await store.revision()
    await ask('POST', SECRETS, secret('a'))
    const events = await watched(2, `resourceVersion=${since}&allowWatchBookmarks=true`, async () => {
      await Promise.resolve()
      for (let wait = 0; wait < 100; wait++) {
        await new Promise((resolve) => void setImmediate(resolve))
        clock.advance(1000)
      }
    })
    expect(events).toMatchObject([
      { type: 'ADDED', object: { metadata: { name: 'a' } } },
      { type: 'BOOKMARK', object: { kind: 'Secret', metadata: { resourceVersion: String(since + 1) } } },
    ])
  })

  it('that is refused leaves no timer', async () => {
    expect((await ask('GET', `${SECRETS}?watch=1&labelSelector=a+in`)).status).toBe(400)
    expect(clock.pending).toBe(0)
  })

  it('ends when its time is over', async () => {
    const response = await api(new Request(`https://api${SECRETS}?watch=1&timeoutSeconds=5`))
    const text = response.text()
    clock.advance(5000)
    expect(await text).toBe('')
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['resourceVersion=1', 410, 'Expired'],
    ['resourceVersion=999', 504, 'Timeout'],
  ])('that cannot be served ends with a Status: %s', async (query, code, reason) => {
    await store.compact(await store.revision())
    expect(await watched(1, query)).toMatchObject([
      { type: 'ERROR', object: { kind: 'Status', code, reason } },
    ])
  })
})

describe('discovery', () => {
  const ACCEPT = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

  it('is in one document for those who prefer it', async () => {
    const { headers, json } = await ask('GET', '/apis', undefined, { accept: ACCEPT })
    expect(headers.get('content-type')).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    )
    expect(headers.get('vary')).toBe('Accept')
    expect(json).toMatchObject({
      items: [
        { metadata: { name: 'certificates.k8s.io' }, versions: [{ version: 'v1' }] },
        { metadata: { name: 'coordination.k8s.io' }, versions: [{ version: 'v1' }] },
        { metadata: { name: 'rbac.authorization.k8s.io' }, versions: [{ version: 'v1' }] },
      ],
    })
    const core = await ask('GET', '/api', undefined, { accept: ACCEPT })
    expect(core.text).toContain('"resource":"nodes"')
  })

  it('is in many documents otherwise, and both name the same', async () => {
    const list = (path: string) =>
      ask('GET', path).then(({ json }) => json['resources'] as readonly { name: string }[])
    expect((await ask('GET', '/api')).json).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
    expect((await ask('GET', '/apis')).json).toMatchObject({
      kind: 'APIGroupList',
      groups: [
        { name: 'certificates.k8s.io' },
        { name: 'coordination.k8s.io' },
        { name: 'rbac.authorization.k8s.io' },
      ],
    })
    expect((await ask('GET', '/apis/rbac.authorization.k8s.io')).json).toMatchObject({ kind: 'APIGroup' })
    const names = [...(await list('/api/v1')), ...(await list('/apis/rbac.authorization.k8s.io/v1'))].map(
      ({ name }) => name,
    )
    expect(names).toEqual([
      'namespaces',
      'namespaces/finalize',
      'namespaces/status',
      'serviceaccounts',
      'secrets',
      'configmaps',
      'nodes',
      'nodes/status',
      'pods',
      'pods/status',
      'pods/eviction',
      'services',
      'services/status',
      'events',
      'roles',
      'clusterroles',
      'rolebindings',
      'clusterrolebindings',
    ])
  })

  it('comes with a version and with health', async () => {
    expect((await ask('GET', '/version')).json).toMatchObject({
      major: '1',
      gitVersion: expect.stringMatching(/^v1\.36\.\d+/),
    })
    for (const path of ['/healthz', '/livez', '/readyz']) expect((await ask('GET', path)).text).toBe('ok')
  })

  it.each([
    '/api',
    '/apis',
    '/apis/rbac.authorization.k8s.io',
    '/apis/rbac.authorization.k8s.io/v1',
    '/version',
  ])('is the same with a slash at the end: %s', async (path) => {
    const answer = await ask('GET', path)
    expect(answer.status).toBe(200)
    expect((await ask('GET', `${path}/`)).json).toEqual(answer.json)
  })

  it.each(['HEAD', 'POST', 'OPTIONS', 'PROPFIND'])('is not asked for with %s', async (method) => {
    for (const path of ['/api', '/apis/', '/api/v1', '/version']) {
      const answer = await ask(method, path)
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET'])
    }
  })
})

it('refuses requests without a caller, if there are decisions about callers', async () => {
  const careful = await kubernetesApi({ store, clock, authorizer: alwaysAllow() })
  expect(await careful(new Request(`https://api${SECRETS}`))).toMatchObject({ status: 500 })
  const user = userInfo({ username: 'jane' })
  expect(await careful(new Request(`https://api${SECRETS}`), { user })).toMatchObject({ status: 200 })
})

it('refuses options that are invalid', async () => {
  await expect(kubernetesApi({} as never)).rejects.toThrow('store: is required')
  await expect(kubernetesApi({ store: {} } as never)).rejects.toThrow('store: must be a store of objects')
})

describe('requests for certificates', () => {
  const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
  const caller = { user: userInfo({ username: 'jane' }) }
  const post = async (from?: typeof caller): Promise<Response> =>
    api(
      new Request(`https://api${PATH}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ metadata: { name: 'x' }, ...(await clientRequest()) }),
      }),
      from,
    )

  it('are refused if it is not known who makes them', async () => {
    const response = await post()
    expect([response.status, await response.json()]).toMatchObject([500, { reason: 'InternalError' }])
    expect(await ask('GET', `${PATH}/x`)).toMatchObject({ status: 404 })
  })

  it('are stamped with who makes them', async () => {
    const response = await post(caller)
    expect([response.status, await response.json()]).toMatchObject([201, { spec: { username: 'jane' } }])
  })

  it('have two parts that are written by themselves, and no more', async () => {
    await post(caller)
    const { json } = await ask('GET', `${PATH}/x`)
    const status = { conditions: [{ type: 'Approved', status: 'True' }] }
    expect(await ask('PUT', `${PATH}/x/approval`, { ...json, status })).toMatchObject({ status: 200 })
    expect(await ask('GET', `${PATH}/x/approval`)).toMatchObject({ status: 200, json: { status } })
    expect(await ask('PUT', `${PATH}/x/status`, { ...json, status })).toMatchObject({ status: 409 })
    for (const [method, path] of [
      ['DELETE', 'x/approval'],
      ['POST', 'x/approval'],
    ] as const) {
      expect(await ask(method, `${PATH}/${path}`, {})).toMatchObject({ status: 405 })
    }
    expect(await ask('PUT', `${PATH}/x/selfnodeclient`, json)).toMatchObject({ status: 404 })
    const group = await ask('GET', '/apis/certificates.k8s.io/v1')
    const names = (group.json['resources'] as readonly { name: string }[]).map(({ name }) => name)
    expect(names).toEqual([
      'certificatesigningrequests',
      'certificatesigningrequests/approval',
      'certificatesigningrequests/status',
    ])
  })
})
