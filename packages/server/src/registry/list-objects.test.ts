import { beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { listObjects, type ObjectList } from './list-objects.ts'
import { allResources } from './resources/index.ts'

const secrets = allResources.find(({ plural }) => plural === 'secrets')!
const OBJECTS = 5000

let store: ObjectStore
beforeEach(() => {
  store = memoryObjectStore()
})

const nameOf = (index: number): string => `s-${String(index).padStart(5, '0')}`
const keyOf = (index: number): string => `/registry/secrets/shop/${nameOf(index)}`

/** @param rare which indexes have the label `rare`. */
async function fill(count: number, rare: readonly number[]): Promise<void> {
  const selected = new Set(rare)
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const labels = selected.has(index) ? { rare: 'yes' } : {}
      const metadata = { name: nameOf(index), namespace: 'shop', labels }
      return store.create(keyOf(index), JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata }))
    }),
  )
}

const collection = { resource: secrets, namespace: 'shop', labelSelector: 'rare' }
const namesOf = ({ items }: ObjectList): readonly unknown[] => items.map(({ metadata }) => metadata.name)

/** All pages of a list. */
async function pagesOf(limit: number, during?: () => Promise<unknown>): Promise<readonly ObjectList[]> {
  const pages = [await listObjects(store, collection, { limit })]
  for (let next = pages[0]?.continue; next !== undefined; next = pages.at(-1)?.continue) {
    await during?.()
    pages.push(await listObjects(store, collection, { limit, continue: next }))
  }
  return pages
}

describe('a list with a selector', () => {
  it('of which one object in thousands is selected reads large pages, whatever its limit', async () => {
    await fill(OBJECTS, [OBJECTS - 1])
    const list = vi.spyOn(store, 'list')
    const page = await listObjects(store, collection, { limit: 1 })
    expect(namesOf(page)).toEqual([nameOf(OBJECTS - 1)])
    expect(page.continue).toBeUndefined()
    expect(list.mock.calls.length).toBeLessThanOrEqual(2 + Math.log2(500) + OBJECTS / 500)
    for (const [, options] of list.mock.calls) expect(options?.limit).toBeLessThanOrEqual(500)
  })

  it.each([
    [1, [0, 1, 2, 700, 701, 1500, 2999]],
    [2, [0, 1, 2, 700, 701, 1500, 2999]],
    [3, [1, 400, 401, 402, 403, 404, 2998]],
    [7, [1, 400, 401, 402, 403, 404, 2998]],
    [600, Array.from({ length: 1500 }, (_, index) => 2 * index)],
    [1, []],
  ])('in pages of %d has each selected object once, and full pages', async (limit, rare) => {
    await fill(3000, rare)
    const pages = await pagesOf(limit)
    expect(pages.flatMap(namesOf)).toEqual(rare.map(nameOf))
    for (const { items } of pages.slice(0, -1)) expect(items).toHaveLength(limit)
    for (const { continue: next } of pages.slice(0, -1)) expect(next).toBeDefined()
  })

  it('is of the revision of its first page, whatever is written between the pages', async () => {
    const rare = [10, 20, 30, 40, 50, 60]
    await fill(100, rare)
    let written = 0
    const pages = await pagesOf(2, async () => {
      const index = rare[5 - written]!
      const created = `/registry/secrets/shop/${nameOf(index)}-new`
      await store.create(created, JSON.stringify({ kind: 'Secret', metadata: { labels: { rare: 'yes' } } }))
      await store.delete(keyOf(index))
      written++
    })
    expect(pages.flatMap(namesOf)).toEqual(rare.map(nameOf))
    expect(new Set(pages.map(({ resourceVersion }) => resourceVersion)).size).toBe(1)
  })

  it('ends when the last object of all is selected and the page is full', async () => {
    await fill(100, [98, 99])
    const page = await listObjects(store, collection, { limit: 2 })
    expect(namesOf(page)).toEqual([nameOf(98), nameOf(99)])
    expect(page.continue).toBeUndefined()
  })

  it('goes on if objects are left, whether they are selected or not', async () => {
    await fill(100, [50])
    const page = await listObjects(store, collection, { limit: 1 })
    expect(namesOf(page)).toEqual([nameOf(50)])
    expect(await listObjects(store, collection, { limit: 1, continue: page.continue! })).toEqual({
      items: [],
      resourceVersion: page.resourceVersion,
    })
  })
})

describe('a list without a selector', () => {
  const all = { resource: secrets, namespace: 'shop' }

  it.each([
    [undefined, 1200, [500, 500, 500]],
    [499, 499, [499]],
    [500, 500, [500]],
    [501, 501, [500, 1]],
    [1199, 1199, [500, 500, 199]],
    [5000, 1200, [500, 500, 500]],
  ])('of at most %s objects reads as many as it needs', async (limit, count, sizes) => {
    await fill(1200, [])
    const list = vi.spyOn(store, 'list')
    const page = await listObjects(store, all, limit === undefined ? {} : { limit })
    expect(page.items).toHaveLength(count)
    expect(page.continue === undefined).toBe(count === 1200)
    expect(list.mock.calls.map(([, options]) => options?.limit)).toEqual(sizes)
  })
})
