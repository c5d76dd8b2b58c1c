import { describe, expect, it, vi } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import { memoryEngine } from '../memory/memory-object-store.ts'
import type { ObjectStore, StoreChange, StoreEvent, WatchOptions } from '../object-store.ts'
import type { StoreError } from '../store-error.ts'
import type { LocalStoreOptions } from './local-state.ts'
import { localStore } from './local-store.ts'

const HISTORY = { changes: 10_000, length: 1_000_000 }

function openStore(options: Partial<LocalStoreOptions> = {}, engine = memoryEngine()): ObjectStore {
  const clock = fixedClock()
  const elapsedMs = clock.now
  return localStore(engine, { clock, elapsedMs, history: HISTORY, soon: queueMicrotask, ...options })
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
async function everyTurnUntil(isOver: () => boolean): Promise<void> {
  while (!isOver()) await nextTurn()
}
const until = (isTrue: () => boolean): Promise<void> => vi.waitFor(() => expect(isTrue()).toBe(true))

/** A watch that is read as fast as it can be, until the signal. */
function reading(
  store: ObjectStore,
  prefix: string,
  options: WatchOptions = {},
): { readonly events: readonly StoreEvent[]; readonly over: Promise<unknown> } {
  const events: StoreEvent[] = []
  const read = async (): Promise<void> => {
    for await (const event of store.watch(prefix, options)) events.push(event)
  }
  const over = read().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { events, over }
}

describe('2,000 watchers', () => {
  it('all get every change of their prefix, once and in order', async () => {
    const store = openStore()
    const watches = Array.from({ length: 2000 }, (_, index) => {
      const prefix = index % 2 === 0 ? '/all/' : `/all/${index % 100}/`
      return { prefix, ...reading(store, prefix) }
    })
    const keys = Array.from({ length: 50 }, (_, index) => `/all/${index}/x`)
    for (const key of keys) await store.create(key, '1')
    await until(() => watches.every(({ prefix, events }) => events.length === expected(prefix).length))
    for (const { prefix, events } of watches) {
      expect((events as readonly StoreChange[]).map(({ key }) => key)).toEqual(expected(prefix))
    }
    await store.close()
    const ends = await Promise.all(watches.map(({ over }) => over))
    expect(new Set(ends.map((end) => (end as StoreError).code))).toEqual(new Set(['closed']))

    function expected(prefix: string): readonly string[] {
      return keys.filter((key) => key.startsWith(prefix))
    }
  })

  it('share each change, and do not read the engine', async () => {
    const engine = memoryEngine()
    const changes = vi.spyOn(engine, 'changeAfter')
    const store = openStore({}, engine)
    const watches = Array.from({ length: 2000 }, () => reading(store, '/'))
    await store.create('/a', '1')
    await until(() => watches.every(({ events }) => events.length === 1))
    expect(new Set(watches.map(({ events }) => events[0])).size).toBe(1)
    expect(changes).not.toHaveBeenCalled()
    await store.close()
  })

  it('let the event loop go on between some hundred reads', async () => {
    const store = openStore()
    let reads = 0
    let most = 0
    const read = async (): Promise<void> => {
      for await (const _ of store.watch('/', { since: 0 })) reads++
    }
    const over = Array.from({ length: 2000 }, () => read().catch(() => {}))
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.create(`/${index}`, '1')))
    let before = 0
    await everyTurnUntil(() => {
      most = Math.max(most, reads - before)
      before = reads
      return reads === 40_000
    })
    expect(most).toBeLessThanOrEqual(256)
    await store.close()
    await Promise.all(over)
  })
})

describe('a slow watcher', () => {
  const slowWatch = async (
    store: ObjectStore,
    options: WatchOptions = {},
  ): Promise<AsyncIterator<StoreEvent>> => {
    const slow = store.watch('/', options)[Symbol.asyncIterator]()
    const first = slow.next()
    await store.create('/first', '1')
    expect((await first).value).toMatchObject({ key: '/first' })
    return slow
  }

  it('holds up no other', async () => {
    const store = openStore()
    const slow = await slowWatch(store)
    const fast = reading(store, '/')
    for (let index = 0; index < 2000; index++) await store.create(`/${index}`, '1')
    await until(() => fast.events.length === 2000)
    await expect(slow.next()).rejects.toMatchObject({ code: 'watchTooSlow' })
    await store.close()
  })

  it.each([
    [10, 10, true],
    [10, 11, false],
    [1, 1, true],
    [1, 2, false],
  ])('with maxWaiting %d and %d changes that wait goes on: %s', async (maxWaiting, changes, goesOn) => {
    const store = openStore()
    const slow = await slowWatch(store, { maxWaiting })
    for (let index = 0; index < changes; index++) await store.create(`/${index}`, '1')
    const next = slow.next()
    if (goesOn) expect((await next).value).toMatchObject({ key: '/0' })
    else await expect(next).rejects.toMatchObject({ code: 'watchTooSlow' })
    await store.close()
  })

  it('is not one that waited when more came together than may wait', async () => {
    const store = openStore()
    const watch = reading(store, '/', { maxWaiting: 10 })
    const keys = Array.from({ length: 500 }, (_, index) => `/${index}`)
    await Promise.all(keys.map((key) => store.create(key, '1')))
    await until(() => watch.events.length === 500)
    expect((watch.events as readonly StoreChange[]).map(({ key }) => key)).toEqual(keys)
    await store.close()
    expect(await watch.over).toMatchObject({ code: 'closed' })
  })

  it('holds no more than the history of the store, whatever may wait', async () => {
    const store = openStore({ history: { changes: 10, length: 1_000_000 } })
    const slow = await slowWatch(store, { maxWaiting: 1_000_000 })
    for (let index = 0; index < 100; index++) await store.create(`/${index}`, '1')
    await expect(slow.next()).rejects.toMatchObject({ code: 'watchTooSlow' })
    await store.close()
  })

  it('of one prefix is not cut by changes of others', async () => {
    const store = openStore({ history: { changes: 10, length: 1_000_000 } })
    const quiet = store.watch('/quiet/', { maxWaiting: 1 })[Symbol.asyncIterator]()
    const first = quiet.next()
    await store.create('/quiet/1', '1')
    await first
    for (let index = 0; index < 100; index++) await store.create(`/${index}`, '1')
    const second = quiet.next()
    await store.create('/quiet/2', '1')
    expect((await second).value).toMatchObject({ key: '/quiet/2' })
    await store.close()
  })

  it('of the past holds one change, and reads no more of the engine than it is asked for', async () => {
    const engine = memoryEngine()
    const changes = vi.spyOn(engine, 'changeAfter')
    const store = openStore({}, engine)
    for (let index = 0; index < 100; index++) await store.create(`/${index}`, '1')
    const slow = store.watch('/', { since: 0 })[Symbol.asyncIterator]()
    for (let index = 0; index < 3; index++) await slow.next()
    expect(changes.mock.calls.map(([since]) => since)).toEqual([0, 1, 2])
    await store.close()
  })

  it('refuses to be asked twice at a time', async () => {
    const store = openStore()
    const watch = store.watch('/')[Symbol.asyncIterator]()
    const first = watch.next()
    await expect(watch.next()).rejects.toThrow('asked for twice at a time')
    await store.create('/a', '1')
    expect((await first).value).toMatchObject({ key: '/a' })
    await store.close()
  })
})

describe('a clock that is set back or forward by a day', () => {
  const DAY_MS = 86_400_000

  /** A clock whose time can be set, while timers and elapsed time go on as ever. */
  function settableClock() {
    const steady = fixedClock(5_000_000)
    let offset = 0
    const clock = { now: () => steady.now() + offset, after: steady.after }
    const store = openStore({ clock, elapsedMs: steady.now })
    return { store, steady, clock, setBy: (milliseconds: number) => void (offset += milliseconds) }
  }

  it.each([
    ['back', [-DAY_MS]],
    ['forward', [DAY_MS]],
    ['back and forward', [-DAY_MS, DAY_MS]],
    ['forward and back', [DAY_MS, -DAY_MS]],
  ])('does not change how long objects live: %s', async (_, steps) => {
    const { store, steady, setBy } = settableClock()
    await store.create('/a', '1', { ttlMs: 1000 })
    const events = reading(store, '/', { since: 0 })
    for (const step of steps) {
      setBy(step)
      steady.advance(400)
      expect((await store.get('/a'))?.value).toBe('1')
      expect((await store.list('/')).objects).toHaveLength(1)
    }
    steady.advance(999 - 400 * steps.length)
    expect((await store.get('/a'))?.value).toBe('1')
    steady.advance(1)
    // The timer has deleted it, before anything is read.
    await until(() => events.events.length === 2)
    expect(events.events[1]).toMatchObject({ type: 'deleted', key: '/a' })
    expect(await store.get('/a')).toBeUndefined()
    await store.close()
  })

  it('counts for what is shown of later writes, and revisions go on', async () => {
    const { store, steady, clock, setBy } = settableClock()
    const a = await store.create('/a', '1', { ttlMs: 5000 })
    setBy(-DAY_MS)
    const b = await store.create('/b', '1', { ttlMs: 1000 })
    const a2 = await store.update('/a', '2', a.revision, { ttlMs: 3000 })
    expect([a.revision, b.revision, a2.revision]).toEqual([1, 2, 3])
    expect([b.expiresAtMs, a2.expiresAtMs]).toEqual([clock.now() + 1000, clock.now() + 3000])
    steady.advance(1000)
    expect((await store.list('/')).objects.map(({ key }) => key)).toEqual(['/a'])
    setBy(2 * DAY_MS)
    steady.advance(1999)
    expect((await store.list('/')).objects.map(({ key }) => key)).toEqual(['/a'])
    steady.advance(1)
    expect((await store.list('/')).objects).toEqual([])
    expect(await store.revision()).toBe(5)
    await store.close()
  })

  it('does not change when a watch tells how far it is', async () => {
    const { store, steady, setBy } = settableClock()
    const watch = store.watch('/', { progressMs: 1000 })[Symbol.asyncIterator]()
    for (const step of [-DAY_MS, DAY_MS, 0]) {
      const next = watch.next()
      let isTold = false
      void next.then(() => (isTold = true))
      setBy(step)
      steady.advance(999)
      await nextTurn()
      expect(isTold).toBe(false)
      steady.advance(1)
      expect((await next).value).toEqual({ type: 'progress', revision: 0 })
    }
    await store.close()
  })

  it('leaves no timer behind', async () => {
    const { store, steady } = settableClock()
    await store.create('/a', '1', { ttlMs: 1000 })
    const watch = store.watch('/', { progressMs: 1000 })[Symbol.asyncIterator]()
    void watch.next()
    expect(steady.pending).toBe(2)
    await watch.return!()
    expect(steady.pending).toBe(1)
    await store.close()
    expect(steady.pending).toBe(0)
  })
})

describe('a long list', () => {
  it('in pages lets the event loop go on between them', async () => {
    const store = openStore()
    for (let index = 0; index < 3000; index++) await store.create(`/${index}`, '1')
    let turns = 0
    let isOver = false
    const counting = everyTurnUntil(() => {
      turns++
      return isOver
    })
    let next: string | undefined
    let pages = 0
    do {
      const page = await store.list('/', { limit: 500, ...(next !== undefined && { continue: next }) })
      next = page.continue
      pages++
    } while (next !== undefined)
    isOver = true
    await counting
    expect(pages).toBe(6)
    expect(turns).toBeGreaterThanOrEqual(pages - 1)
  })

  it('that was begun before the store is closed is completed', async () => {
    const store = openStore()
    await store.create('/a', '1')
    const lists = Array.from({ length: 10 }, () => store.list('/', { limit: 400 }))
    await store.close()
    expect((await Promise.all(lists)).map(({ objects }) => objects.length)).toEqual(lists.map(() => 1))
  })

  it('leaves out what has expired while the engine cannot delete it, and its pages are full', async () => {
    const clock = fixedClock()
    const engine = memoryEngine()
    const store = openStore({ clock, elapsedMs: clock.now }, engine)
    for (const name of 'abcdef') {
      await store.create(`/${name}`, '1', name === 'b' || name === 'c' ? { ttlMs: 1000 } : {})
    }
    vi.spyOn(engine, 'write').mockImplementation(() => {
      throw new Error('the disk is full')
    })
    const attempts = (): number => vi.mocked(engine.write).mock.calls.length
    clock.advance(1000)
    expect(attempts()).toBe(1)
    clock.advance(999)
    expect(attempts()).toBe(1)
    clock.advance(1)
    expect(attempts()).toBe(2)
    const keys: string[] = []
    let next: string | undefined
    do {
      const page = await store.list('/', { limit: 2, ...(next !== undefined && { continue: next }) })
      expect(page.objects).toHaveLength(2)
      keys.push(...page.objects.map(({ key }) => key))
      next = page.continue
    } while (next !== undefined)
    expect(keys).toEqual(['/a', '/d', '/e', '/f'])
    expect(await store.get('/b')).toBeUndefined()
  })
})
