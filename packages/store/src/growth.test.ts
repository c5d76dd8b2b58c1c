import { describe, expect, it } from 'vitest'
import { fixedClock } from '@kube-authn/testing'
import { expectLinearWorkUntil } from '../../../test/growth.ts'
import { memoryObjectStore } from './memory/memory-object-store.ts'

const some = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index))
const keyOf = (index: number): string => `/a/${String(index).padStart(6, '0')}`

/** Creates objects that end at the same time, and returns what makes them end. */
async function ending(count: number): Promise<() => Promise<void>> {
  const clock = fixedClock()
  const store = memoryObjectStore({ clock })
  for (let index = 0; index < count; index++) await store.create(keyOf(index), '{}', { ttlMs: 10_000 })
  return async () => {
    await clock.advanceAsync(10_001)
    expect((await store.list('/a/')).objects).toEqual([])
  }
}

describe('the work of a store', () => {
  it('grows with how many objects end at a time', async () => {
    const ends = new Map<number, (() => Promise<void>)[]>()
    for (const count of [300, 300 * 16]) ends.set(count, await Promise.all(some(2, () => ending(count))))
    await expectLinearWorkUntil(300, (count) => async () => ends.get(count)?.pop()?.())
  })

  it.each<[string, (index: number) => string]>([
    ['many objects', keyOf],
    ['one object', () => keyOf(0)],
    ['objects in no order', (index) => keyOf((index * 7919) % 100_003)],
    ['objects whose keys begin alike', (index) => `/${'a'.repeat(index % 900)}/${index}`],
  ])('grows with how often %s change', async (_, key) => {
    await expectLinearWorkUntil(500, (count) => async () => {
      const store = memoryObjectStore({ maxHistoryChanges: 100 })
      for (let index = 0; index < count; index++) {
        const known = await store.get(key(index))
        await (known === undefined
          ? store.create(key(index), '{}')
          : store.update(key(index), '{}', known.revision))
      }
    })
  })

  it.each<[string, string]>([
    ['all of them', '/a/'],
    ['none of them', '/b/'],
  ])('grows with the changes that a late watch reads, who wants %s', async (_, prefix) => {
    await expectLinearWorkUntil(300, (count) => {
      const store = memoryObjectStore()
      const written = (async () => {
        for (let index = 0; index < count; index++) await store.create(keyOf(index), '{}')
      })()
      return async () => {
        await written
        const watch = store.watch(prefix, { since: 0 })[Symbol.asyncIterator]()
        if (prefix === '/a/') for (let index = 0; index < count; index++) await watch.next()
        else void watch.next()
        const { revision } = await store.create(`${prefix}z`, '{}')
        await store.delete(`${prefix}z`, { revision })
        await watch.return?.()
      }
    })
  })

  it('grows with the watches of a change', async () => {
    await expectLinearWorkUntil(100, (count) => async () => {
      const store = memoryObjectStore()
      const waiting = some(count, (index) => {
        const watch = store.watch(`/${'a'.repeat(1 + (index % 7))}`)[Symbol.asyncIterator]()
        return { watch, next: watch.next() }
      })
      await store.create('/aaaaaaaaaa', '{}')
      for (const { watch, next } of waiting) {
        expect(await next).toMatchObject({ value: { type: 'created' } })
        await watch.return?.()
      }
    })
  })

  it('keeps no more for a watch that does not read than for its history', async () => {
    const store = memoryObjectStore({ historyLength: 10_000 })
    const slow = store.watch('/a/', { maxWaiting: 1_000_000 })[Symbol.asyncIterator]()
    const first = slow.next()
    const value = JSON.stringify('x'.repeat(1000))
    for (let index = 0; index < 9; index++) await store.create(keyOf(index), value)
    await first
    expect(await slow.next()).toMatchObject({ value: { key: keyOf(1) } })
    for (let index = 9; index < 30; index++) await store.create(keyOf(index), value)
    await expect(slow.next()).rejects.toMatchObject({ code: 'watchTooSlow' })
  })
})
