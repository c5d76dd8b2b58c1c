import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { kubernetesApi } from './api-handler.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

let clock: ReturnType<typeof fixedClock>
let store: ObjectStore
let api: KubernetesApi

beforeEach(async () => {
  clock = fixedClock(1_800_000_000_000)
  store = memoryObjectStore({ clock })
  api = await kubernetesApi({ store, clock })
})

const MAPS = '/api/v1/namespaces/default/configmaps'
const STREAM = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
const BOOKMARKED = `${STREAM}&allowWatchBookmarks=true`
const TABLE = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }

function map(name: string, labels: Record<string, string> = {}, namespace = 'default'): [string, string] {
  const metadata = { name, namespace, labels }
  return [
    `/registry/configmaps/${namespace}/${name}`,
    JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata }),
  ]
}

interface Stream {
  /** The next events. */
  next(count: number): Promise<readonly WatchEvent[]>
  /** All until the end. */
  rest(): Promise<readonly WatchEvent[]>
  cancel(): Promise<void>
}

interface WatchEvent {
  readonly type: string
  readonly object: {
    readonly kind: string
    readonly code?: number
    readonly metadata: {
      readonly name?: string
      readonly resourceVersion: string
      readonly annotations?: Readonly<Record<string, string>>
    }
    readonly [field: string]: unknown
  }
}

async function streamOf(query: string, given: RequestInit = {}, path = MAPS): Promise<Stream> {
  const response = await api(new Request(`https://api${path}?${query}`, given))
  expect(response.status).toBe(200)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const read = async (count: number): Promise<readonly WatchEvent[]> => {
    const events: WatchEvent[] = []
    while (events.length < count) {
      const end = text.indexOf('\n')
      if (end !== -1) {
        events.push(JSON.parse(text.slice(0, end)) as WatchEvent)
        text = text.slice(end + 1)
        continue
      }
      const { done, value } = await reader.read()
      if (done) break
      text += value
    }
    return events
  }
  return { next: read, rest: () => read(Infinity), cancel: () => reader.cancel() }
}

const named = (events: readonly WatchEvent[]): readonly unknown[] =>
  events.map(({ type, object: { metadata } }) => [type, metadata.name, metadata.resourceVersion])

describe('a streaming list', () => {
  it('has every object by its key, then a bookmark with its version, then what changes', async () => {
    const revisions: Record<string, string> = {}
    for (const name of ['b', 'c', 'a']) {
      revisions[name] = String((await store.create(...map(name))).revision)
    }
    await store.create(...map('elsewhere', {}, 'kube-system'))
    const listed = String(await store.revision())
    const stream = await streamOf(BOOKMARKED)
    const initial = await stream.next(4)
    expect(named(initial)).toEqual([
      ['ADDED', 'a', revisions['a']],
      ['ADDED', 'b', revisions['b']],
      ['ADDED', 'c', revisions['c']],
      ['BOOKMARK', undefined, listed],
    ])
    expect(initial[3]?.object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { resourceVersion: listed, annotations: { 'k8s.io/initial-events-end': 'true' } },
    })
    const { key, revision } = (await store.get('/registry/configmaps/default/a'))!
    await store.delete(key, { revision })
    await store.create(...map('d'))
    expect((await stream.next(2)).map(({ type, object }) => [type, object.metadata.name])).toEqual([
      ['DELETED', 'a'],
      ['ADDED', 'd'],
    ])
    await stream.cancel()
    expect(clock.pending).toBe(0)
  })

  it('of nothing is only the bookmark', async () => {
    const stream = await streamOf(BOOKMARKED)
    expect(named(await stream.next(1))).toEqual([['BOOKMARK', undefined, String(await store.revision())]])
    await stream.cancel()
  })

  it('without bookmarks has none, and goes on', async () => {
    await store.create(...map('a'))
    const stream = await streamOf(STREAM)
    expect((await stream.next(1))[0]?.type).toBe('ADDED')
    await store.create(...map('b'))
    expect((await stream.next(1))[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } })
    await stream.cancel()
  })

  it('has later bookmarks without the annotation', async () => {
    const stream = await streamOf(BOOKMARKED)
    await stream.next(1)
    const later = stream.next(1)
    for (let wait = 0; wait < 100; wait++) {
      await nextTurn()
      clock.advance(1000)
    }
    const [bookmark] = await later
    expect(bookmark?.type).toBe('BOOKMARK')
    expect(bookmark?.object.metadata).toEqual({ resourceVersion: String(await store.revision()) })
    await stream.cancel()
  })

  it.each([
    ['allowWatchBookmarks=true', true],
    ['allowWatchBookmarks=true&resourceVersion=0', true],
    ['allowWatchBookmarks=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan', false],
    [
      'allowWatchBookmarks=true&sendInitialEvents=0&resourceVersionMatch=NotOlderThan&resourceVersion=0',
      false,
    ],
  ])('is what a watch without a version is, unless it does not want to: %s', async (query, isList) => {
    await store.create(...map('a'))
    const stream = await streamOf(`watch=1&${query}`)
    const first = stream.next(2)
    await nextTurn()
    await store.create(...map('b'))
    if (!isList) await store.create(...map('c'))
    expect((await first).map(({ type, object }) => [type, object.metadata.name])).toEqual(
      isList
        ? [
            ['ADDED', 'a'],
            ['BOOKMARK', undefined],
          ]
        : [
            ['ADDED', 'b'],
            ['ADDED', 'c'],
          ],
    )
    await stream.cancel()
  })

  it.each([
    [`${BOOKMARKED}&labelSelector=app%3Dweb`, ['a', 'c']],
    [`${BOOKMARKED}&fieldSelector=metadata.name%3Db`, ['b']],
    [`${BOOKMARKED}&labelSelector=app%3Dnone`, []],
  ])('has the objects that are selected: %s', async (query, names) => {
    await store.create(...map('a', { app: 'web' }))
    await store.create(...map('b', { app: 'db' }))
    await store.create(...map('c', { app: 'web' }))
    const stream = await streamOf(query)
    const events = await stream.next(names.length + 1)
    expect(events.map(({ object }) => object.metadata.name)).toEqual([...names, undefined])
    expect(events.at(-1)?.object.metadata.resourceVersion).toBe(String(await store.revision()))
    await stream.cancel()
  })

  it.each(['', '&resourceVersion=', '&resourceVersion=0', '&resourceVersion=1'])(
    'of a version that there was is of the present: %s',
    async (version) => {
      await store.create(...map('a'))
      await store.compact(await store.revision())
      const stream = await streamOf(BOOKMARKED + version)
      const [, bookmark] = await stream.next(2)
      expect(bookmark?.object.metadata.resourceVersion).toBe(String(await store.revision()))
      await stream.cancel()
    },
  )

  it('of the present version is served, and one that was not reached is an error', async () => {
    await store.create(...map('a'))
    const current = await store.revision()
    const stream = await streamOf(`${BOOKMARKED}&resourceVersion=${current}`)
    expect((await stream.next(2)).map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK'])
    await stream.cancel()
    const refused = await streamOf(`${BOOKMARKED}&resourceVersion=${current + 1}`)
    expect(await refused.rest()).toEqual([
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: `Timeout: Too large resource version: ${current + 1}, current: ${current}`,
          reason: 'Timeout',
          details: {
            retryAfterSeconds: 1,
            causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
          },
          code: 504,
        },
      },
    ])
    expect(clock.pending).toBe(0)
  })
})

describe('a streaming list of tables', () => {
  it('has a row for each object, and the columns once', async () => {
    await store.create(...map('a'))
    await store.create(...map('b'))
    const stream = await streamOf(BOOKMARKED, { headers: TABLE })
    const events = await stream.next(3)
    expect(events.map(({ object }) => object.kind)).toEqual(['Table', 'Table', 'Table'])
    const columns = events.map(({ object }) => object['columnDefinitions'])
    expect(columns[0]).toMatchObject([{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }])
    expect(columns.slice(1)).toEqual([null, null])
    expect(events.map(({ object }) => (object['rows'] as { cells: unknown[] }[])[0]?.cells[0])).toEqual([
      'a',
      'b',
      '',
    ])
    await stream.cancel()
  })

  it.each([
    ['', 'PartialObjectMetadata'],
    ['&includeObject=Metadata', 'PartialObjectMetadata'],
    ['&includeObject=Object', 'ConfigMap'],
    ['&includeObject=None', 'PartialObjectMetadata'],
  ])('marks the end in the row of its bookmark: %s', async (include, kind) => {
    const stream = await streamOf(BOOKMARKED + include, { headers: TABLE })
    const [end] = await stream.next(1)
    const version = String(await store.revision())
    expect(end).toMatchObject({
      type: 'BOOKMARK',
      object: {
        metadata: { resourceVersion: version },
        rows: [
          {
            object: {
              kind,
              metadata: { resourceVersion: version, annotations: { 'k8s.io/initial-events-end': 'true' } },
            },
          },
        ],
      },
    })
    await stream.cancel()
  })

  it('can be of every resource', async () => {
    const { resources: core } = (await (await api(new Request('https://api/api/v1'))).json()) as Listed
    const groups = ['rbac.authorization.k8s.io', 'certificates.k8s.io', 'coordination.k8s.io']
    const paths = core.filter(isListed).map(({ name }) => `/api/v1/${name}`)
    for (const group of groups) {
      const found = (await (await api(new Request(`https://api/apis/${group}/v1`))).json()) as Listed
      paths.push(...found.resources.filter(isListed).map(({ name }) => `/apis/${group}/v1/${name}`))
    }
    expect(paths.length).toBeGreaterThan(12)
    for (const path of paths) {
      const query = `${BOOKMARKED}&labelSelector=none`
      const stream = await streamOf(query, { headers: TABLE }, path)
      const [end] = await stream.next(1)
      expect([path, end?.type]).toEqual([path, 'BOOKMARK'])
      await stream.cancel()
    }
  })
})

interface Listed {
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[]
}

const isListed = ({ verbs }: Listed['resources'][number]): boolean => verbs.includes('watch')

describe('a long streaming list', () => {
  const COUNT = 2000
  const names = Array.from({ length: COUNT }, (_, index) => `m-${String(index).padStart(5, '0')}`)

  beforeEach(async () => {
    await Promise.all(names.map((name) => store.create(...map(name))))
  })

  it('is of one version, and misses and repeats nothing that changes meanwhile', async () => {
    const version = String(await store.revision())
    const stream = await streamOf(BOOKMARKED)
    const events = [...(await stream.next(10))]
    // Some of them were read, and others not.
    const { revision } = (await store.get(map('m-00001')[0]))!
    await store.update(...map('m-00001', { at: 'first' }), revision)
    const last = (await store.get(map('m-01999')[0]))!
    await store.delete(last.key, { revision: last.revision })
    await store.create(...map('m-01000-new'))
    events.push(...(await stream.next(COUNT - 10)))
    expect(events.map(({ type, object }) => [type, object.metadata.name])).toEqual(
      names.map((name) => ['ADDED', name]),
    )
    expect(named(await stream.next(4))).toEqual([
      ['BOOKMARK', undefined, version],
      ['MODIFIED', 'm-00001', String(Number(version) + 1)],
      ['DELETED', 'm-01999', String(Number(version) + 2)],
      ['ADDED', 'm-01000-new', String(Number(version) + 3)],
    ])
    await stream.cancel()
  })

  it('is read in parts, at the pace of the client', async () => {
    const list = vi.spyOn(store, 'list')
    const stream = await streamOf(BOOKMARKED)
    await stream.next(1)
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    expect(list).toHaveBeenCalledTimes(1)
    await stream.next(COUNT)
    const limits = list.mock.calls.map(([, options]) => options?.limit ?? Infinity)
    expect(Math.max(...limits)).toBeLessThanOrEqual(500)
    expect(limits.length).toBeGreaterThan(4)
    await stream.cancel()
  })

  it('lets the event loop go on after each part', async () => {
    const stream = await streamOf(BOOKMARKED)
    let turns = 0
    const over = { is: false }
    const counting = (async () => {
      for (; !over.is; turns++) await nextTurn()
    })()
    await stream.next(COUNT + 1)
    over.is = true
    await counting
    expect(turns).toBeGreaterThanOrEqual(5)
    await stream.cancel()
  })

  it('ends with its time, in the middle and without the bookmark', async () => {
    const stream = await streamOf(`${BOOKMARKED}&timeoutSeconds=5`)
    await stream.next(10)
    clock.advance(5000)
    const rest = await stream.rest()
    expect(rest.length).toBeLessThan(500)
    expect(rest.every(({ type }) => type === 'ADDED')).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('of a client that is gone is not read on', async () => {
    const gone = new AbortController()
    const stream = await streamOf(BOOKMARKED, { signal: gone.signal })
    await stream.next(10)
    const list = vi.spyOn(store, 'list')
    gone.abort()
    expect((await stream.rest()).length).toBeLessThan(500)
    expect(list).not.toHaveBeenCalled()
    expect(clock.pending).toBe(0)
  })

  it('ends with an error if its version was forgotten meanwhile', async () => {
    const stream = await streamOf(BOOKMARKED)
    await stream.next(10)
    await store.create(...map('x'))
    await store.compact(await store.revision())
    const rest = await stream.rest()
    expect(rest.at(-1)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
    expect(rest.some(({ type }) => type === 'BOOKMARK')).toBe(false)
  })

  it('of large objects has smaller parts', async () => {
    for (let index = 0; index < 200; index++) {
      const [key, value] = map(`large-${String(index).padStart(3, '0')}`)
      await store.create(key, JSON.stringify({ ...JSON.parse(value), data: { a: 'x'.repeat(100_000) } }))
    }
    const list = vi.spyOn(store, 'list')
    const stream = await streamOf(BOOKMARKED)
    await stream.next(COUNT + 201)
    const limits = list.mock.calls.map(([, options]) => options?.limit ?? Infinity)
    expect(Math.min(...limits)).toBeLessThan(64)
    await stream.cancel()
  })
})

it.each(['POST', 'PUT', 'PATCH'])('a %s takes no notice of options of lists', async (method) => {
  await store.create(...map('a'))
  const path = method === 'POST' ? MAPS : `${MAPS}/a`
  const response = await api(
    new Request(`https://api${path}?sendInitialEvents=true&resourceVersionMatch=x`, {
      method,
      body: map('b')[1].replace('"b"', method === 'POST' ? '"b"' : '"a"'),
      headers: {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
    }),
  )
  expect(response.status).toBe(method === 'POST' ? 201 : 200)
})

it('a GET of one object does not either, and a deletion of many does', async () => {
  await store.create(...map('a'))
  const query = 'sendInitialEvents=true&resourceVersionMatch=x'
  expect((await api(new Request(`https://api${MAPS}/a?${query}`))).status).toBe(200)
  const refused = await api(new Request(`https://api${MAPS}?${query}`, { method: 'DELETE' }))
  expect([refused.status, (await store.list('/registry/configmaps/default/')).objects.length]).toEqual([
    422, 1,
  ])
})
