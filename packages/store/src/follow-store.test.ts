import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { followStore } from './follow-store.ts'
import { memoryObjectStore } from './memory/memory-object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { StoreError, type StoreErrorCode } from './store-error.ts'

const clock = fixedClock()

/** A store whose watches end with an error, after so many events. */
function failingAfter(store: ObjectStore, events: number, code: StoreErrorCode): ObjectStore {
  return {
    ...store,
    async *watch(...given) {
      let left = events
      for await (const event of store.watch(...given)) {
        yield event
        if (--left === 0) throw new StoreError(code, 'failed')
      }
    },
  }
}

/** What a follower is told. */
function follow(store: ObjectStore, prefix = '/a/') {
  const told: string[] = []
  const closing = new AbortController()
  const following = followStore(
    { store, prefix, clock, signal: closing.signal },
    {
      object: ({ key, value }) => told.push(`${key} ${value}`),
      listed: (keys) => told.push(`listed ${keys.size}`),
      change: ({ type, key, value }) => told.push(`${type} ${key} ${value}`),
      gap: (isReplaced) => told.push(isReplaced ? 'replaced' : 'forgotten'),
      reached: () => undefined,
      failed: (error, isFinal) =>
        told.push(`failed ${isFinal} ${error instanceof StoreError ? error.code : ''}`),
    },
  )
  return { told, following, stop: () => closing.abort() }
}

describe('followStore', () => {
  it('tells of what there is and of every change, once and in order', async () => {
    const store = memoryObjectStore({ clock })
    await store.create('/a/1', 'x')
    await store.create('/b/1', 'x')
    const { told, stop } = follow(store)
    await clock.advanceAsync(0)
    const { revision } = await store.create('/a/2', 'x')
    await store.update('/a/2', 'y', revision)
    await store.delete('/a/2')
    await clock.advanceAsync(0)
    stop()
    expect(told).toEqual(['/a/1 x', 'listed 1', 'created /a/2 x', 'updated /a/2 y', 'deleted /a/2 y'])
  })

  it.each<[StoreErrorCode, readonly string[]]>([
    ['watchTooSlow', []],
    ['storeUnavailable', ['failed false storeUnavailable']],
  ])('goes on where it was after %s', async (code, failures) => {
    const store = memoryObjectStore({ clock })
    const { told, stop } = follow(failingAfter(store, 1, code))
    await clock.advanceAsync(0)
    const expected = ['listed 0']
    for (const name of ['1', '2', '3']) {
      await store.create(`/a/${name}`, 'x')
      await clock.advanceAsync(100)
      expected.push(`created /a/${name} x`, ...failures)
    }
    stop()
    expect(told).toEqual(expected)
  })

  it.each<[StoreErrorCode, readonly string[]]>([
    ['revisionCompacted', ['forgotten']],
    ['revisionUnknown', ['replaced']],
  ])('lists again after %s', async (code, before) => {
    const store = memoryObjectStore({ clock })
    const { told, stop } = follow(failingAfter(store, 1, code))
    await clock.advanceAsync(0)
    await store.create('/a/1', 'x')
    await clock.advanceAsync(100)
    stop()
    expect(told).toEqual(['listed 0', 'created /a/1 x', ...before, '/a/1 x', 'listed 1'])
  })

  it('takes a watch that ends by itself for a failure, and waits longer each time', async () => {
    const store = memoryObjectStore({ clock })
    let watches = 0
    const { told, following, stop } = follow({
      ...store,
      watch(prefix, options) {
        watches++
        return store.watch(prefix, { ...options, signal: AbortSignal.abort() })
      },
    })
    const failed = 'failed false storeUnavailable'
    for (const [delayMs, expected] of [
      [0, 1],
      [99, 1],
      [1, 2],
      [199, 2],
      [1, 3],
      [400, 4],
    ] as const) {
      await clock.advanceAsync(delayMs)
      expect(watches).toBe(expected)
    }
    stop()
    await following
    expect(told).toEqual(['listed 0', failed, failed, failed, failed])
  })

  it('ends between the pages of a list', async () => {
    const store = memoryObjectStore({ clock })
    for (let index = 0; index < 501; index++) await store.create(`/a/${index}`, 'x')
    const lists = async (isStopped: boolean): Promise<readonly string[]> => {
      const { told, following, stop } = follow({
        ...store,
        list(...given) {
          if (isStopped) queueMicrotask(() => stop())
          return store.list(...given)
        },
      })
      if (!isStopped) await expect.poll(() => told.at(-1)).toBe('listed 501')
      stop()
      await following
      return told
    }
    expect(await lists(true)).toHaveLength(500)
    expect(await lists(false)).toHaveLength(502)
  })

  it('ends when the store is closed', async () => {
    const store = memoryObjectStore({ clock })
    const { told, following } = follow(store)
    await clock.advanceAsync(0)
    await store.close()
    await following
    expect(told).toEqual(['listed 0', 'failed true closed'])
  })

  it('ends when it is stopped, also while it waits, and leaves no timer', async () => {
    const store = memoryObjectStore({ clock })
    const refusing = { ...store, list: () => Promise.reject(new StoreError('storeUnavailable', 'gone')) }
    for (const each of [store, refusing]) {
      const { following, stop } = follow(each)
      await clock.advanceAsync(0)
      stop()
      await following
      expect(clock.pending).toBe(0)
    }
  })
})
