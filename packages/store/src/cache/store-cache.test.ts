import { fixedClock, recordEvents } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { faultyStore } from '../../test/faulty-store.ts'
import { memoryObjectStore } from '../memory/memory-object-store.ts'
import { StoreError } from '../store-error.ts'
import { storeCache, type StoreCacheOptions } from './store-cache.ts'

const PREFIX = '/a/'

/** A cache of values, over a store with faults. */
function opened(
  options: Partial<StoreCacheOptions> = {},
  clock = fixedClock(),
  store = faultyStore(memoryObjectStore({ clock }), clock),
) {
  const errors: StoreError[] = []
  const cache = storeCache<string>(
    { store, clock, onError: (error) => errors.push(error as StoreError), ...options },
    {
      prefix: PREFIX,
      what: 'things',
      unreadable: 'does nothing',
      read({ value }) {
        if (value === 'bad') throw new SyntaxError(`"${value}" is not JSON`)
        return value
      },
    },
  )
  onTestFinished(() => cache.close())
  /** What the cache says of a key: its problem, or the value. */
  const ask = (key: string): string | undefined => cache.problem() ?? cache.get(`${PREFIX}${key}`)
  return { clock, store, cache, errors, ask, pass: (ms: number) => clock.advanceAsync(ms) }
}

/** The same, when everything is known. */
async function ready(options: Partial<StoreCacheOptions> = {}) {
  const all = opened(options)
  await all.pass(0)
  await all.cache.ready
  return all
}

const unknown = (why: string): string => `the things are not known: ${why}`
const STALE = unknown('they could not be compared with the store for more than 30 seconds')

describe('storeCache', () => {
  it('knows nothing before the first list, and then everything', async () => {
    const clock = fixedClock()
    const store = faultyStore(memoryObjectStore({ clock }))
    await store.create('/a/1', 'x')
    await store.create('/b/1', 'y')
    const { cache, ask, pass } = opened({}, clock, store)
    expect(ask('1')).toBe(STALE)
    await pass(0)
    await cache.ready
    expect([ask('1'), ask('2')]).toEqual(['x', undefined])
  })

  it('waits for a store that cannot be read, and begins when it can', async () => {
    const clock = fixedClock()
    const store = faultyStore(memoryObjectStore({ clock }))
    store.fail()
    const { ask, pass } = opened({}, clock, store)
    await pass(20_000)
    expect(ask('1')).toBe(STALE)
    store.mend()
    await pass(5000)
    expect(ask('1')).toBeUndefined()
  })

  it('follows changes, and tells who watches a key', async () => {
    const { store, cache, ask, pass } = await ready()
    const seen: string[] = []
    const stop = cache.watch('/a/1', () => seen.push(String(ask('1'))))
    const { revision } = await store.create('/a/1', 'x')
    await store.create('/a/2', 'other')
    await pass(0)
    await store.update('/a/1', 'y', revision)
    await pass(0)
    await store.delete('/a/1')
    await pass(0)
    stop()
    await store.create('/a/1', 'z')
    await pass(0)
    expect(seen).toEqual(['x', 'y', 'undefined'])
    expect(ask('1')).toBe('z')
  })

  it('learns what is written before the store tells it, and nothing of other objects', async () => {
    const { store, cache, ask } = await ready()
    cache.learn(await store.create('/a/1', 'x'))
    cache.learn(await store.create('/b/1', 'x'))
    expect(ask('1')).toBe('x')
    expect(cache.get('/b/1')).toBeUndefined()
    cache.learn(await store.delete('/a/1'))
    expect(ask('1')).toBeUndefined()
  })

  it.each([1, 30, 600])(
    'answers until exactly %i seconds have passed, and heals by itself',
    async (seconds) => {
      const { store, ask, pass, cache, clock } = await ready({ maxStalenessSeconds: seconds })
      await store.create('/a/1', 'x')
      await pass(0)
      const lastMs = clock.now()
      store.fail()
      await pass(seconds * 1000)
      expect(ask('1')).toBe('x')
      await pass(1)
      expect(ask('1')).toContain(`could not be compared with the store for more than ${seconds} seconds`)
      expect(cache.outdatedSinceMs).toBe(lastMs)
      store.mend()
      await pass(Math.min(1000, (seconds * 1000) / 6))
      expect(ask('1')).toBe('x')
      expect(cache.outdatedSinceMs).toBeUndefined()
    },
  )

  it.each([31_000, 53_000, 140_000, 140_400, 600_000])(
    'is current a second after an outage of %i ms, although others write at once when it ends',
    async (outageMs) => {
      const { store, ask, pass, cache } = await ready()
      await store.create('/a/1', 'x')
      await pass(0)
      store.fail()
      await pass(outageMs)
      expect(cache.health()).toEqual([STALE])
      store.mend()
      // As replicas that renew their leases.
      for (let tenths = 0; tenths < 10; tenths++) {
        await store.create(`/b/${tenths}`, 'x')
        await pass(100)
      }
      expect([ask('1'), cache.health()]).toEqual(['x', []])
    },
  )

  it('is not healthy after it was closed', async () => {
    const { cache } = await ready()
    expect(cache.health()).toEqual([])
    await cache.close()
    expect(cache.health()).toEqual([unknown('they are not followed any more')])
  })

  it('stays current for as long as the store is there, whether or not anything changes', async () => {
    const { store, ask, pass, errors } = await ready()
    await store.create('/a/1', 'x')
    for (let minute = 0; minute < 10; minute++) {
      await pass(60_000)
      await store.create(`/b/${minute}`, 'x')
      expect(ask('1')).toBe('x')
    }
    expect(errors).toEqual([])
    expect(store.begun).toEqual({ lists: 1, watches: 1 })
  })

  it('says once what failed, once that it is unavailable now, and the same of a later outage', async () => {
    const { store, pass, errors } = await ready()
    const begun = 'things are those of 2030-01-01T00:00:00Z: their changes cannot be followed (no answer)'
    store.fail(new StoreError('storeUnavailable', 'no answer'))
    await pass(30_000)
    expect(errors.map(({ message }) => message)).toEqual([begun])
    await pass(120_000)
    const whole = [begun, `${begun}; what needs them is refused as unavailable`]
    expect(errors.map(({ message }) => message)).toEqual(whole)
    store.mend()
    await pass(5000)
    // It is the same outage that comes back at once.
    store.fail()
    await pass(10_000)
    store.mend()
    expect(errors).toHaveLength(2)
    await pass(60_000)
    store.fail()
    await pass(40_000)
    expect(errors).toHaveLength(4)
  })

  it('tells an observer how current it is, when an outage begins, and when it is over', async () => {
    const { observer, events } = recordEvents()
    const { store, pass } = await ready({ observer, maxObjects: 5 })
    await store.create('/a/1', 'x')
    await pass(6000)
    const one = { type: 'storeCopy', kind: 'things', objects: 1, maxObjects: 5 }
    expect(events.at(-1)).toEqual({ ...one, status: 'confirmed', ageSeconds: 0 })
    const statuses = (from: number): readonly unknown[] =>
      events.slice(from).map((event) => 'status' in event && event.status)
    const before = events.length
    store.fail()
    await pass(60_000)
    expect(statuses(before)).toEqual(['failing', 'failing'])
    expect(events.at(-1)).toMatchObject({ ...one, ageSeconds: expect.closeTo(30, 0) })
    store.mend()
    await pass(1000)
    expect(events.slice(before + 2)).toEqual([
      { ...one, status: 'confirmed', ageSeconds: 0 },
      { ...one, status: 'recovered', ageSeconds: 0, outageSeconds: expect.closeTo(61, 0) },
    ])
    await pass(20_000)
    expect(new Set(statuses(before + 4))).toEqual(new Set(['confirmed']))
  })

  it('tells an observer how many objects there are, also beyond the limit', async () => {
    const { observer, events } = recordEvents()
    const { store, pass } = await ready({ observer, maxObjects: 1 })
    for (const key of ['/a/1', '/a/2', '/a/3']) await store.create(key, 'x')
    await pass(6000)
    expect(events.at(-1)).toMatchObject({ objects: 3, maxObjects: 1 })
  })

  it('keeps no error of an unknown kind in a message', async () => {
    const { store, pass, errors } = await ready()
    store.fail(new Error('postgres://jane:secret@db/'))
    await pass(0)
    expect(String(errors[0])).not.toContain('secret')
  })

  it('begins a silent watch anew before the copy is too old, without a false answer', async () => {
    const { store, ask, pass } = await ready()
    await store.create('/a/1', 'x')
    await pass(0)
    store.stall()
    await store.delete('/a/1')
    await pass(9999)
    expect(store.begun.watches).toBe(1)
    // Changes were heard before.
    await pass(10_001 + 100)
    expect(store.begun.watches).toBe(2)
    expect(ask('1')).toBe('x')
    await pass(10_000)
    // The second one is as silent.
    expect(ask('1')).toBe(STALE)
    store.mend()
    await pass(5000)
    expect(ask('1')).toBeUndefined()
  })

  it.each([
    ['answers from a copy that is 10 seconds late', 10_000, 'x'],
    ['does not take events of 40 seconds ago for the state of the store', 40_000, STALE],
  ])('%s', async (_, lateMs, expected) => {
    const { store, ask, pass } = await ready()
    const { revision } = await store.create('/a/1', 'x')
    await pass(0)
    store.delay(lateMs)
    const changed = await store.update('/a/1', 'x', revision)
    let last = changed.revision
    for (let change = 0; change < 5; change++) {
      ;({ revision: last } = await store.update('/a/1', 'x', last))
      await pass(12_000)
    }
    expect(ask('1')).toBe(expected)
    store.mend()
    await store.update('/a/1', 'y', last)
    await pass(60_000)
    expect(ask('1')).toBe('y')
  })

  it('lists again when changes were forgotten, and meanwhile answers as before', async () => {
    const { store, ask, pass } = await ready()
    await store.create('/a/1', 'x')
    await store.create('/a/2', 'x')
    await pass(0)
    store.breakWatches(new StoreError('storeUnavailable', 'gone'))
    await store.delete('/a/1')
    await store.create('/a/3', 'x')
    await store.compact(await store.revision())
    expect(ask('1')).toBe('x')
    await pass(1000)
    expect(['1', '2', '3'].map(ask)).toEqual([undefined, 'x', 'x'])
    expect(store.begun.lists).toBe(2)
  })

  it.each([
    ['whose watch says so', true],
    ['whose revisions go back, though the watch is silent', false],
  ])('takes everything from another store %s', async (_, isTold) => {
    const { store, ask, pass, clock } = await ready()
    for (let index = 0; index < 5; index++) await store.create(`/a/${index}`, 'old')
    await pass(0)
    const other = memoryObjectStore({ clock })
    await other.create('/a/1', 'new')
    if (isTold) store.replace(other)
    else store.replaceSilently(other)
    await pass(6000)
    expect(['0', '1', '4'].map(ask)).toEqual([undefined, 'new', undefined])
  })

  it('reports an object that cannot be read without a part of it, and goes on', async () => {
    const { store, cache, ask, pass, errors } = await ready()
    const { revision } = await store.create('/a/1', 'bad')
    await store.create('/a/2', 'x')
    await pass(0)
    expect(ask('2')).toBe('x')
    expect(() => cache.get('/a/1')).toThrow(expect.objectContaining({ code: 'storeCorrupted' }))
    expect(errors.map(String)).toEqual(['StoreError: /a/1 does nothing, since it cannot be read'])
    expect(errors[0]?.cause).toBeUndefined()
    await store.update('/a/1', 'mended', revision)
    await pass(0)
    expect(ask('1')).toBe('mended')
  })

  it('answers nothing after it was closed, and leaves no timer', async () => {
    const { cache, ask, pass, clock } = await ready()
    await cache.close()
    await pass(0)
    expect(ask('1')).toBe(unknown('they are not followed any more'))
    expect(clock.pending).toBe(0)
    const early = opened()
    await early.cache.close()
    await expect(early.cache.ready).rejects.toMatchObject({ code: 'closed' })
  })

  it('tells once who waits for a problem, and who watches a key, whatever one of them throws', async () => {
    const { store, cache, pass, clock } = await ready()
    const timers = clock.pending
    const told: string[] = []
    const stopped = cache.watchProblem(() => told.push('stopped'))
    cache.watchProblem(() => {
      told.push('throws')
      throw new Error('thrown by a callback')
    })
    const waits = (): void => void told.push('waits')
    const stops = [cache.watchProblem(waits), cache.watchProblem(waits)]
    const stopKey = cache.watch('/a/1', () => told.push('key'))
    stopped()
    stops[0]?.()
    expect(clock.pending).toBe(timers + 1)
    await pass(60_000)
    expect(told).toEqual([])
    store.fail()
    await pass(29_000)
    expect(told).toEqual([])
    await pass(3000)
    expect(told).toEqual(['throws', 'waits', 'key'])
    await pass(60_000)
    expect(told).toHaveLength(3)
    stopKey()
    // The problem is still there when another one begins to wait.
    cache.watchProblem(() => told.push('late'))
    await pass(1000)
    expect(told.at(-1)).toBe('late')
  })

  it('has no timer for those who do not wait any more', async () => {
    const { cache, clock } = await ready()
    const timers = clock.pending
    const stops = [cache.watchProblem(() => {}), cache.watch('/a/1', () => {})]
    expect(clock.pending).toBe(timers + 1)
    for (const stop of stops) stop()
    expect(clock.pending).toBe(timers)
    cache.watchProblem(() => {})
    expect(clock.pending).toBe(timers + 1)
  })

  it('is closed by `await using`', async () => {
    const { cache, ask } = await ready()
    {
      await using held = cache
      expect(held.health()).toEqual([])
    }
    expect(ask('1')).toBe(unknown('they are not followed any more'))
  })

  it('gives up if the store is closed', async () => {
    const { store, ask, pass } = await ready()
    await store.close()
    await pass(30_001)
    expect(ask('1')).toBe(STALE)
    const late = opened({}, fixedClock(), store)
    await expect(late.cache.ready).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a store with more objects than the limit', () => {
  const names = ['1', '2', '3', '4', '5', '6', '7']
  const grows = (many: string): string =>
    `the store has ${many} 5 things (maxObjects): all of them count, and memory grows`
  const NEAR = grows('4 of at most')
  const BEYOND = grows('more than')

  it('is known in full, and told once when it is near, once when it is beyond', async () => {
    const { store, cache, ask, pass, errors } = await ready({ maxObjects: 5 })
    const told: number[] = []
    for (const name of names) {
      await store.create(`/a/${name}`, name)
      await pass(0)
      told.push(errors.length)
    }
    expect(told).toEqual([0, 0, 0, 1, 1, 2, 2])
    expect(errors.map(({ message }) => message)).toEqual([NEAR, BEYOND])
    expect([names.map(ask), cache.health()]).toEqual([names, []])
    for (const name of names.slice(0, 4)) cache.learn(await store.delete(`/a/${name}`))
    await pass(0)
    expect(names.map(ask)).toEqual([undefined, undefined, undefined, undefined, '5', '6', '7'])
    await store.create('/a/1', '1')
    await pass(0)
    expect(errors.map(({ message }) => message)).toEqual([NEAR, BEYOND, NEAR])
  })

  it('is known at once with all objects of the first list', async () => {
    const clock = fixedClock()
    const store = faultyStore(memoryObjectStore({ clock }))
    for (const name of names) await store.create(`/a/${name}`, name)
    const { ask, cache, errors } = opened({ maxObjects: 5 }, clock, store)
    await cache.ready
    expect([names.map(ask), errors.map(({ message }) => message)]).toEqual([names, [NEAR, BEYOND]])
  })

  it('counts an object once, however often it changes, is learnt, or is created again', async () => {
    const { store, cache, ask, pass, errors } = await ready({ maxObjects: 5 })
    for (const name of names.slice(0, 3)) cache.learn(await store.create(`/a/${name}`, 'x'))
    for (let round = 0; round < 5; round++) {
      cache.learn(await store.delete('/a/1'))
      const { revision } = await store.create('/a/1', 'y')
      cache.learn(await store.update('/a/1', 'z', revision))
    }
    await pass(0)
    expect([ask('1'), errors]).toEqual(['z', []])
  })

  it('is known after a list of other objects', async () => {
    const { store, ask, pass, clock } = await ready({ maxObjects: 5 })
    for (const name of names.slice(0, 3)) await store.create(`/a/${name}`, 'x')
    await pass(0)
    const other = memoryObjectStore({ clock })
    for (const name of ['6', '7', '8']) await other.create(`/a/${name}`, 'x')
    store.replace(other)
    await pass(1000)
    expect([ask('1'), ask('8')]).toEqual([undefined, 'x'])
  })
})
