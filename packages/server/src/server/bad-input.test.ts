import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { afterAll, describe, expect, it } from 'vitest'
import { memoryObjectStore } from '@kube-authn/store'
import { apiServer } from './api-server.ts'

interface Served {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

interface Endpoint extends Served {
  readonly apiVersion: string
  /** The collection, or what is asked of an object. */
  readonly path: string
}

const tokens = [tokenFile('admin-token,admin,1\n')]
const store = memoryObjectStore()
const agent = new Agent({ keepAlive: true })
const api = await apiServer({
  store,
  authenticator: authenticatorChain({ tokens }),
  authorizer: alwaysAllow(),
  tokens,
  log: false,
})
const server = createServer(api.listener)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
afterAll(async () => {
  agent.destroy()
  await api.close()
  server.close()
})

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

async function ask(
  method: string,
  path: string,
  body?: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { port } = server.address() as AddressInfo
  const own = {
    authorization: 'Bearer admin-token',
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
  }
  const sent = request({ host: '127.0.0.1', port, agent, method, path, headers: { ...own, ...headers } })
  const answered = new Promise<Answer>((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text })
      })
    })
  })
  sent.end(body)
  return answered
}

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse((await ask('GET', path)).text) as Record<string, unknown>
}

/** Every path of discovery, with a namespace and a name where it needs them. */
async function endpoints(): Promise<readonly Endpoint[]> {
  const { groups } = (await json('/apis')) as { groups: { versions: { groupVersion: string }[] }[] }
  const versions = groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion))
  const lists = await Promise.all(
    ['/api/v1', ...versions.map((each) => `/apis/${each}`)].map(async (prefix) => {
      const { groupVersion: apiVersion, resources } = (await json(prefix)) as {
        groupVersion: string
        resources: Served[]
      }
      return resources.map((each) => {
        const [plural = '', subresource = ''] = each.name.split('/')
        const place = each.namespaced ? '/namespaces/default' : ''
        const rest = subresource === '' ? plural : `${plural}/x/${subresource}`
        return { ...each, apiVersion, path: `${prefix}${place}/${rest}` }
      })
    }),
  )
  return lists.flat()
}

function expectStatus(answer: Answer, statuses: readonly number[]): void {
  expect(statuses).toContain(answer.status)
  expect(answer.text).not.toMatch(/\.ts\b|\.js\b|node:|\n\s+at |Error: /)
  if (answer.type.startsWith('text/plain')) {
    expect(answer.text).toMatch(/^(?:404 page not found|Internal Server Error: .*)\n$/)
    return
  }
  expect(answer.type).toBe('application/json')
  expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.status })
}

const all = await endpoints()
const objects = all.filter(({ name }) => !name.includes('/'))
const actions = all.filter(({ name }) => name.includes('/'))

/** Of a namespace, of none, a namespace itself, and reviews: the paths and bodies of all others go through the same code. */
const EXAMPLES = [
  'v1 ConfigMap',
  'v1 Namespace',
  'rbac.authorization.k8s.io/v1 ClusterRole',
  'authorization.k8s.io/v1 SubjectAccessReview',
  'authorization.k8s.io/v1 LocalSubjectAccessReview',
]
const examples = objects.filter(({ apiVersion, kind }) => EXAMPLES.includes(`${apiVersion} ${kind}`))

const TRUNCATED = Uint8Array.of(0x6b, 0x38, 0x73, 0x00, 0x0a, 0x20, 0x0a)
const NO_ENVELOPE = Uint8Array.of(1, 2, 3, 4, 5)
const PROTOBUF = { 'content-type': 'application/vnd.kubernetes.protobuf' }

describe.each(objects.map((each) => [each.path, each] as const))('POST %s', (path, { kind, apiVersion }) => {
  const sound = { kind, apiVersion, metadata: { name: 'x' } }
  it.each([
    ['nothing', ''],
    ['half an object', '{"kind":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['another kind', JSON.stringify({ ...sound, kind: 'Foo' })],
    ['another version', JSON.stringify({ ...sound, apiVersion: 'v9' })],
    ['metadata that is a text', JSON.stringify({ ...sound, metadata: 'x' })],
  ])('%s is refused', async (_, body) => {
    const before = await store.revision()
    expectStatus(await ask('POST', path, body), [400])
    expect(await store.revision()).toBe(before)
  })

  it('with an unknown field is refused, if it is to be strict', async () => {
    const body = JSON.stringify({ ...sound, other: 1, __proto__: { x: 1 } })
    expectStatus(await ask('POST', `${path}?fieldValidation=Strict`, body), [400])
  })
})

describe.each(examples.map((each) => [each.path, each] as const))('POST %s', (path, { kind, apiVersion }) => {
  const sound = { kind, apiVersion, metadata: { name: 'x' } }
  const deep = `{"kind":"${kind}","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  it.each<
    [
      what: string,
      statuses: readonly number[],
      body: string | Uint8Array,
      headers?: Readonly<Record<string, string>>,
    ]
  >([
    ['text', [415], 'x', { 'content-type': 'text/plain' }],
    ['a form', [415], 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a patch', [415], '{}', { 'content-type': 'application/merge-patch+json' }],
    ['nothing', [400], ''],
    ['half an object', [400], '{"kind":'],
    ['a list', [400], '[]'],
    ['null', [400], 'null'],
    ['a number', [400], '1'],
    ['bytes that are no text', [400], Uint8Array.of(0x22, 0xff, 0x22)],
    ['what is nested too deeply', [400, 422], deep],
    ['another kind', [400], JSON.stringify({ ...sound, kind: 'Foo' })],
    ['another version', [400], JSON.stringify({ ...sound, apiVersion: 'v9' })],
    ['another group', [400], JSON.stringify({ ...sound, apiVersion: 'apps/v1' })],
    ['metadata that is a text', [400], JSON.stringify({ ...sound, metadata: 'x' })],
    ['a kind that is a number', [400], JSON.stringify({ ...sound, kind: 1 })],
    ['truncated protobuf', [400], TRUNCATED, PROTOBUF],
    ['what is no protobuf', [400, 415], NO_ENVELOPE, PROTOBUF],
    ['10 MB', [413], ' '.repeat(10_000_000)],
    ['one byte more than 3 MiB', [413], ' '.repeat(3_145_729)],
  ])('%s is refused', async (_, statuses, body, headers) => {
    const before = await store.revision()
    expectStatus(await ask('POST', path, body, headers), statuses)
    expect(await store.revision()).toBe(before)
  })

  // Reviews are always answered in JSON.
  const unknown = ['image/png', 'application/cbor', 'application/json;as=Foo;g=x;v=v1', 'text/html;q=0.9']
  it.each(path.includes('review') ? [] : unknown)(
    'is refused for those who accept only %s',
    async (accept) => {
      expectStatus(await ask('POST', path, JSON.stringify(sound), { accept }), [406])
    },
  )

  it.each(['PUT', 'OPTIONS', 'TRACE', 'PROPFIND', 'HEAD', 'LINK'])(
    'is not asked for with %s',
    async (method) => {
      const answer = await ask(method, path)
      if (method === 'HEAD') expect(answer).toMatchObject({ status: 405, text: '' })
      else expectStatus(answer, [405])
    },
  )

  it.each([
    `${path}/`,
    `${path}//`,
    `${path}/../x`,
    `${path}/.`,
    `${path}%2Fx`,
    `${path}/x%2Fy`,
    `${path}/%2e%2e`,
    `${path}/x/unknown`,
    `${path}/x/status/y`,
    `${path};a=b`,
    `${path}%00`,
    `${path}%zz`,
    `/${path}`,
    path.replace('/v1', '/v1/'),
    path.replace('/v1', '//v1'),
    path.replace('/v1', '/V1'),
    path.replace('/v1', '/v1/../v1'),
    path.replace('/v1', '/v9'),
    path.toUpperCase(),
    path.replace('/namespaces/default', '/namespaces/'),
    path.replace('/namespaces/default', '/namespaces/default%2Fx'),
    path.replace('/namespaces/default', '/namespaces/..'),
  ])('has no other spelling: %s', async (other) => {
    if (other === path) return
    const before = await store.revision()
    expectStatus(await ask('POST', other, JSON.stringify(sound)), [400, 404, 405])
    expect(await store.revision()).toBe(before)
  })
})

describe.each(
  objects
    .filter(({ verbs }) => verbs.includes('create') && verbs.includes('get'))
    .map((each) => [each.path, each] as const),
)('an object at %s', (path, { kind, apiVersion }) => {
  it.each(['', '.', '..', 'a/b', 'a%b', '\u0000', 'x'.repeat(254), 'ä', '__proto__', 'a\nb'])(
    'cannot have the name %j',
    async (name) => {
      // The names of roles, bindings and events may have any other characters.
      if ((apiVersion.startsWith('rbac.') || kind === 'Event') && !/^(?:|\.\.?|.*[/%\0].*)$/.test(name))
        return
      const before = await store.revision()
      const body = JSON.stringify({ kind, apiVersion, metadata: { name } })
      expectStatus(await ask('POST', path, body), name === '' ? [422] : [400, 422])
      expect(await store.revision()).toBe(before)
    },
  )

  it.each([
    ['GET', '/missing', undefined, [404]],
    ['DELETE', '/missing', undefined, [404]],
    ['DELETE', '/missing', '{', [400]],
    ['DELETE', '/missing', '{"propagationPolicy":"x"}', [400, 404, 422]],
    ['PUT', '/missing', '{}', [400, 404, 422]],
    [
      'PUT',
      '/missing',
      `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":{"name":"other"}}`,
      [400, 404],
    ],
    ['POST', '/missing', '{}', [405]],
    ['OPTIONS', '/missing', undefined, [405]],
    ['GET', '?limit=x', undefined, [400]],
    ['GET', '?limit=-x', undefined, [400, 422]],
    ['GET', '?continue=x', undefined, [400]],
    ['GET', '?labelSelector=%3D%3D', undefined, [400]],
    ['GET', '?fieldSelector=a', undefined, [400]],
    ['GET', '?fieldSelector=spec.foo%3Dbar', undefined, [400]],
    ['GET', '?watch=1&resourceVersion=x', undefined, [400]],
    ['GET', '?timeout=x', undefined, [400]],
    ['GET', '?timeoutSeconds=x&watch=1', undefined, [400]],
    ['POST', '?dryRun=x', '{}', [400, 422]],
    ['POST', '?fieldValidation=x', '{}', [400, 422]],
  ] as const)('%s %s with %j is refused', async (method, rest, body, statuses) => {
    const before = await store.revision()
    expectStatus(await ask(method, `${path}${rest}`, body), statuses)
    expect(await store.revision()).toBe(before)
  })
})

describe.each(actions.map((each) => [each.path, each] as const))('%s', (path, { verbs }) => {
  it.each(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])(
    'of what does not exist, with %s',
    async (method) => {
      const isServed = verbs.some((verb) => ({ get: 'GET', create: 'POST', update: 'PUT' })[verb] === method)
      const body = method === 'POST' || method === 'PUT' ? '{}' : undefined
      expectStatus(await ask(method, path, body), isServed ? [400, 404, 422] : [405])
    },
  )
})

it.each([
  '/',
  '//',
  '/%2e%2e/',
  '/api/../healthz',
  '/%',
  '/%zz',
  '*',
  '/healthz/..',
  '/metrics',
  '/openid/v1/jwks',
  '/apis//',
  `/${'a'.repeat(8000)}`,
])('%s is not found', async (path) => {
  expectStatus(await ask('GET', path), [400, 404])
})

it('what a SelfSubjectReview contains does not matter, however deep it is', async () => {
  const { path = '' } = objects.find(({ kind }) => kind === 'SelfSubjectReview') ?? {}
  const body = `{"kind":"SelfSubjectReview","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  expect((await ask('POST', path, body)).status).toBe(201)
})

it('has something to try', () => {
  expect(examples).toHaveLength(EXAMPLES.length)
  expect(objects.length).toBeGreaterThan(12)
  expect(actions.length).toBeGreaterThan(2)
})
