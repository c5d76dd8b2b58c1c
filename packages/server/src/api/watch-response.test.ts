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

const SECRETS = '/api/v1/namespaces/default/secrets'
const TABLE = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
const A_SECRET = JSON.stringify({
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: { name: 'a', namespace: 'default', creationTimestamp: '2027-01-15T07:59:50Z' },
})

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function watching(query: string, headers: Record<string, string> = {}): Promise<Reader> {
  const response = await api(new Request(`https://api${SECRETS}?watch=1&${query}`, { headers }))
  return response.body!.getReader()
}

async function nextText(reader: Reader): Promise<string> {
  return new TextDecoder().decode((await reader.read()).value)
}

function isEvent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && 'object' in value
}

describe('watches', () => {
  it('share the JSON of a change with all watches of their form, and no bytes', async () => {
    const since = await store.revision()
    const readers = await Promise.all(
      Array.from({ length: 90 }, (_, index) =>
        watching(`resourceVersion=${since}`, index % 3 === 0 ? TABLE : {}),
      ),
    )
    const stringify = vi.spyOn(JSON, 'stringify')
    await store.create('/registry/secrets/default/a', A_SECRET)
    const chunks = await Promise.all(readers.map((reader) => reader.read()))
    const made = stringify.mock.calls.filter(([value]) => isEvent(value)).length
    stringify.mockRestore()
    // One as an object, and one as a table.
    expect(made).toBe(2)
    const texts = chunks.map(({ value }) => new TextDecoder().decode(value))
    expect(new Set(texts.filter((_, index) => index % 3 === 0)).size).toBe(1)
    expect(new Set(texts.filter((_, index) => index % 3 !== 0)).size).toBe(1)
    expect(texts[0]).toContain('"kind":"Table"')
    expect(JSON.parse(texts[1]!)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } })
    chunks[1]?.value?.fill(0)
    expect(new TextDecoder().decode(chunks[2]!.value)).toBe(texts[2])
    await Promise.all(readers.map((reader) => reader.cancel()))
    expect(clock.pending).toBe(0)
  })

  it('with other rows than those of a table have lines of their own', async () => {
    const since = await store.revision()
    const queries = ['None', 'Metadata', 'Object'].map(
      (include) => `resourceVersion=${since}&includeObject=${include}`,
    )
    const readers = await Promise.all(queries.map((query) => watching(query, TABLE)))
    await store.create('/registry/secrets/default/a', A_SECRET)
    const texts = await Promise.all(readers.map(nextText))
    expect(texts.map((text) => text.match(/"kind":"(?:PartialObjectMetadata|Secret)"/u)?.[0])).toEqual([
      undefined,
      '"kind":"PartialObjectMetadata"',
      '"kind":"Secret"',
    ])
    await Promise.all(readers.map((reader) => reader.cancel()))
  })

  it('as tables have the ages of the second in which they are read', async () => {
    const since = await store.revision()
    await store.create('/registry/secrets/default/a', A_SECRET)
    const ages: unknown[] = []
    for (const passed of [0, 500, 500, 5000]) {
      clock.advance(passed)
      const reader = await watching(`resourceVersion=${since}`, TABLE)
      ages.push((await nextText(reader)).match(/"\d+s"/u)?.[0])
      await reader.cancel()
    }
    expect(ages).toEqual(['"10s"', '"10s"', '"11s"', '"16s"'])
  })
})
