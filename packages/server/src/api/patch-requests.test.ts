import { beforeEach, describe, expect, it } from 'vitest'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { kubernetesApi } from './api-handler.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

const JSON_PATCH = 'application/json-patch+json'
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const ALL = [JSON_PATCH, MERGE, STRATEGIC]

const MAPS = '/api/v1/namespaces/default/configmaps'
const MAP = `${MAPS}/m`

let store: ObjectStore
let api: KubernetesApi

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> }
}

async function ask(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const init = { method, headers: { 'content-type': type }, ...(sent !== undefined && { body: sent }) }
  const response = await api(new Request(`https://api${path}`, init))
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Answer['json'],
  }
}

const patch = (type: string, path: string, body: unknown): Promise<Answer> => ask('PATCH', path, body, type)

beforeEach(async () => {
  store = memoryObjectStore()
  api = await kubernetesApi({ store })
  await ask('POST', MAPS, { metadata: { name: 'm', labels: { app: 'web' } }, data: { a: '1', b: '2' } })
})

describe('a patch', () => {
  it.each<[string, unknown]>([
    [
      JSON_PATCH,
      [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'remove', path: '/data/a' },
        { op: 'add', path: '/data/c', value: '3' },
      ],
    ],
    [MERGE, { data: { a: null, c: '3' } }],
    [STRATEGIC, { data: { a: null, c: '3' } }],
  ])('of %s changes an object', async (type, body) => {
    const before = (await ask('GET', MAP)).json
    const { status, json } = await patch(type, MAP, body)
    expect([status, json['data'], json['kind']]).toEqual([200, { b: '2', c: '3' }, 'ConfigMap'])
    expect(json.metadata).toEqual({ ...before.metadata, resourceVersion: expect.any(String) })
    expect(json.metadata['resourceVersion']).not.toBe(before.metadata['resourceVersion'])
    expect((await ask('GET', MAP)).json).toEqual(json)
  })

  it.each<[string, unknown]>([
    [JSON_PATCH, []],
    [MERGE, {}],
    [STRATEGIC, {}],
  ])('of %s that changes nothing leaves the version', async (type, body) => {
    expect((await patch(type, MAP, body)).json).toEqual((await ask('GET', MAP)).json)
  })

  it('merges lists of the kind', async () => {
    await ask('POST', '/api/v1/namespaces/default/serviceaccounts', {
      metadata: { name: 's' },
      secrets: [{ name: 'a' }],
    })
    const path = '/api/v1/namespaces/default/serviceaccounts/s'
    expect((await patch(STRATEGIC, path, { secrets: [{ name: 'b' }] })).json['secrets']).toEqual([
      { name: 'b' },
      { name: 'a' },
    ])
    expect((await patch(MERGE, path, { secrets: [{ name: 'c' }] })).json['secrets']).toEqual([{ name: 'c' }])
  })

  it('changes a part by its path, and only that', async () => {
    await ask('POST', '/api/v1/nodes', { metadata: { name: 'n' }, spec: { unschedulable: true } })
    const sent = {
      spec: { unschedulable: false },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }
    for (const type of [MERGE, STRATEGIC]) {
      const { status, json } = await patch(type, '/api/v1/nodes/n/status', sent)
      expect([status, json['spec'], json['status']]).toEqual([200, { unschedulable: true }, sent.status])
    }
    const { json } = await patch(STRATEGIC, '/api/v1/nodes/n', {
      spec: { unschedulable: null },
      status: { phase: 'x' },
    })
    expect([json['spec'], json['status']]).toEqual([{}, sent.status])
  })

  it('takes data for a secret as strings', async () => {
    await ask('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, data: { a: 'eA==' } })
    const { json } = await patch(MERGE, '/api/v1/namespaces/default/secrets/s', { stringData: { b: 'y' } })
    expect([json['data'], json['stringData']]).toEqual([{ a: 'eA==', b: 'eQ==' }, undefined])
  })

  it('is not written in a dry run', async () => {
    const { status, json } = await patch(MERGE, `${MAP}?dryRun=All`, { data: { a: '9' } })
    expect([status, json['data']]).toEqual([200, { a: '9', b: '2' }])
    expect((await ask('GET', MAP)).json['data']).toEqual({ a: '1', b: '2' })
  })

  it('is made again of what others wrote meanwhile: none of 20 is lost', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        patch(
          ALL[index % 3] ?? '',
          MAP,
          index % 3 === 0
            ? [{ op: 'add', path: `/data/k${index}`, value: 'x' }]
            : { data: { [`k${index}`]: 'x' } },
        ),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const { json } = await ask('GET', MAP)
    expect(Object.keys(json['data'] as object).length).toBe(22)
  })

  it('of a version that is no longer there is a conflict', async () => {
    const { metadata } = (await ask('GET', MAP)).json
    const body = { metadata: { resourceVersion: metadata['resourceVersion'] }, data: { a: '9' } }
    expect((await patch(MERGE, MAP, body)).status).toBe(200)
    const { status, json } = await patch(MERGE, MAP, body)
    expect([status, json['reason']]).toEqual([409, 'Conflict'])
  })

  it('that removes the last finalizer of what is being deleted deletes it', async () => {
    await patch(MERGE, MAP, { metadata: { finalizers: ['example.com/x'] } })
    await ask('DELETE', MAP)
    expect((await patch(JSON_PATCH, MAP, [{ op: 'remove', path: '/metadata/finalizers' }])).status).toBe(200)
    expect((await ask('GET', MAP)).status).toBe(404)
  })

  it.each<[number, string, string, string, unknown]>([
    [400, 'BadRequest', MERGE, MAP, ''],
    [400, 'BadRequest', MERGE, MAP, '{'],
    [400, 'BadRequest', MERGE, MAP, '[]'],
    [400, 'BadRequest', MERGE, MAP, 'null'],
    [400, 'BadRequest', STRATEGIC, MAP, '[]'],
    [400, 'BadRequest', JSON_PATCH, MAP, '{}'],
    [400, 'BadRequest', MERGE, MAP, `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`],
    [400, 'BadRequest', STRATEGIC, MAP, `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`],
    [400, 'BadRequest', JSON_PATCH, MAP, `${'['.repeat(200_000)}1${']'.repeat(200_000)}`],
    [400, 'BadRequest', MERGE, MAP, { kind: 'Secret' }],
    [400, 'BadRequest', MERGE, MAP, { apiVersion: 'v2' }],
    [400, 'BadRequest', MERGE, MAP, { metadata: { name: 'other' } }],
    [400, 'BadRequest', MERGE, MAP, { metadata: { namespace: 'other' } }],
    [404, 'NotFound', MERGE, `${MAPS}/none`, { data: {} }],
    [404, 'NotFound', STRATEGIC, '/api/v1/namespaces/none/configmaps/m', { data: {} }],
    [405, 'MethodNotAllowed', MERGE, MAPS, { data: {} }],
    [422, 'Invalid', MERGE, MAP, { metadata: { uid: 'other' } }],
    [409, 'Conflict', MERGE, MAP, { metadata: { resourceVersion: '1' } }],
    [413, 'RequestEntityTooLarge', MERGE, MAP, ' '.repeat(4_000_000)],
    [413, 'RequestEntityTooLarge', MERGE, MAP, { data: { a: 'x'.repeat(1_048_576), b: null } }],
    [
      413,
      'RequestEntityTooLarge',
      JSON_PATCH,
      MAP,
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: 1 })),
    ],
    [415, 'UnsupportedMediaType', 'application/json', MAP, {}],
    [415, 'UnsupportedMediaType', 'application/vnd.kubernetes.protobuf', MAP, {}],
    [422, 'Invalid', JSON_PATCH, MAP, [{ op: 'test', path: '/data/a', value: '2' }]],
    [422, 'Invalid', JSON_PATCH, MAP, [{ op: 'remove', path: '/data/x' }]],
    [422, 'Invalid', JSON_PATCH, MAP, [{ op: 'add', path: '/data/__proto__/x', value: '2' }]],
    [422, 'Invalid', MERGE, MAP, { data: { a: 1 } }],
    [422, 'Invalid', STRATEGIC, MAP, { data: ['x'] }],
    [422, 'Invalid', MERGE, MAP, { data: { '../x': 'y' } }],
    [422, 'Invalid', MERGE, MAP, { metadata: { labels: { '-': 'y' } } }],
    [422, 'Invalid', MERGE, `${MAP}?fieldValidation=Strict`, { other: 1 }],
    [422, 'Invalid', MERGE, `${MAP}?force=true`, { data: {} }],
    [422, 'Invalid', MERGE, `${MAP}?fieldManager=${'x'.repeat(129)}`, { data: {} }],
    [422, 'Invalid', MERGE, `${MAP}?fieldManager=%00`, { data: {} }],
    [422, 'Invalid', MERGE, `${MAP}?dryRun=Some`, { data: {} }],
  ])('is refused with %i %s: %s %s', async (status, reason, type, path, body) => {
    const before = (await store.list('/registry/configmaps/')).objects
    const { status: answered, json } = await patch(type, path, body)
    expect([answered, json['code'], json['reason'], json['kind']]).toEqual([status, status, reason, 'Status'])
    expect((await store.list('/registry/configmaps/')).objects).toEqual(before)
  })

  it('that is refused does not show what is in the object', async () => {
    await ask('POST', '/api/v1/namespaces/default/secrets', {
      metadata: { name: 's' },
      stringData: { a: 'hunter2' },
    })
    const path = '/api/v1/namespaces/default/secrets/s?fieldValidation=Strict'
    for (const body of [{ data: { a: 'hunter3!' } }, { data: { a: 1 } }, { hunter4: { hunter5: '!' } }]) {
      const { status, json } = await patch(MERGE, path, body)
      expect(status).toBe(422)
      expect(JSON.stringify(json)).not.toMatch(/hunter[235]|aHVudGVyMg/)
    }
  })

  it('leaves unknown fields out with a warning, or silently', async () => {
    const warned = await patch(STRATEGIC, MAP, { other: { x: 1 } })
    expect([warned.status, warned.headers.get('warning')]).toEqual([200, '299 - "unknown field \\"other\\""'])
    expect(
      (await patch(STRATEGIC, `${MAP}?fieldValidation=Ignore`, { other: 1 })).headers.get('warning'),
    ).toBeNull()
    expect((await ask('GET', MAP)).json['other']).toBeUndefined()
  })

  it('says where it is allowed', async () => {
    expect((await ask('POST', MAP, {})).headers.get('allow')).toBe('DELETE, GET, PATCH, PUT')
    expect((await patch(MERGE, MAPS, {})).headers.get('allow')).toBe('DELETE, GET, POST')
    const { json } = await ask('GET', '/api/v1')
    const resources = json['resources'] as readonly {
      readonly name: string
      readonly verbs: readonly string[]
    }[]
    // What is only done with an object cannot be patched.
    expect(resources.filter(({ verbs }) => !verbs.includes('patch')).map(({ name }) => name)).toEqual([
      'namespaces/finalize',
      'pods/eviction',
    ])
  })
})
