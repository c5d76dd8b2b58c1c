import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../core/test/fakes.ts'
import { countObjects } from '../src/count-objects.ts'
import type { Fence, ObjectStore, StoreChange, StoreEvent, WatchOptions } from '../src/object-store.ts'
import { StoreError, type StoreErrorCode } from '../src/store-error.ts'
import { unhandledRejections } from './unhandled-rejections.ts'

/** What an engine offers to the contract. */
export interface StoreUnderTest {
  readonly store: ObjectStore
  /** The same store after its process ended and began again; for engines that keep objects. */
  readonly reopen?: () => Promise<ObjectStore>
  readonly dispose?: () => Promise<void>
}

/** How the contract opens a store. */
export interface OpenOptions {
  readonly clock: ReturnType<typeof fixedClock>
  readonly maxHistoryChanges?: number
  readonly historyLength?: number
}

/** What every engine must do. */
export function storeContract(
  open: (options: OpenOptions) => Promise<StoreUnderTest>,
  { isDurable, many = 20_000 }: { readonly isDurable: boolean; readonly many?: number },
): void {
  let clock: ReturnType<typeof fixedClock>
  let under: StoreUnderTest
  let store: ObjectStore
  const opened: StoreUnderTest[] = []

  const openAnother = async (options: Omit<OpenOptions, 'clock'> = {}): Promise<StoreUnderTest> => {
    clock = fixedClock(1_000_000)
    const another = await open({ clock, ...options })
    opened.push(another)
    return another
  }

  beforeEach(async () => {
    under = await openAnother()
    store = under.store
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) {
      await each.store.close()
      await each.dispose?.()
    }
  })

  const expectFailure = async (work: Promise<unknown>, code: StoreErrorCode): Promise<void> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(StoreError)
    expect(error).toMatchObject({ code })
  }

  const keysOf = async (prefix: string): Promise<readonly string[]> =>
    (await store.list(prefix)).objects.map(({ key }) => key)

  /** The first events of a watch. */
  const watched = async (
    count: number,
    prefix: string,
    options: WatchOptions = {},
  ): Promise<readonly StoreEvent[]> => {
    const events: StoreEvent[] = []
    if (count === 0) return events
    for await (const event of store.watch(prefix, options)) {
      events.push(event)
      if (events.length === count) break
    }
    return events
  }

  describe('one object', () => {
    it('is as it was written, with the revision of its last change and of its creation', async () => {
      expect(await store.revision()).toBe(0)
      expect(await store.get('/a')).toBeUndefined()
      const created = await store.create('/a', '{"n":1}')
      expect(created).toEqual({
        key: '/a',
        value: '{"n":1}',
        revision: await store.revision(),
        createdRevision: created.revision,
      })
      expect(await store.get('/a')).toEqual(created)
      const updated = await store.update('/a', '{"n":2}', created.revision)
      expect(updated.revision).toBeGreaterThan(created.revision)
      expect(updated).toEqual({ ...created, value: '{"n":2}', revision: updated.revision })
      expect(await store.get('/a')).toEqual(updated)
      expect(await store.revision()).toBe(updated.revision)
      const deleted = await store.delete('/a')
      expect(deleted).toEqual({ ...updated, type: 'deleted', revision: deleted.revision })
      expect(deleted.revision).toBeGreaterThan(updated.revision)
      expect(await store.get('/a')).toBeUndefined()
    })

    it('is another one after it was deleted and created again', async () => {
      const first = await store.create('/a', '1')
      await store.delete('/a', { createdRevision: first.createdRevision })
      const second = await store.create('/a', '2')
      expect(second.createdRevision).toBeGreaterThan(first.createdRevision)
      await expectFailure(store.delete('/a', { createdRevision: first.createdRevision }), 'revisionConflict')
      await expectFailure(store.update('/a', '3', first.revision), 'revisionConflict')
      expect(await store.get('/a')).toEqual(second)
    })

    it.each<[string, (at: number) => Promise<unknown>, StoreErrorCode]>([
      ['create what exists', () => store.create('/a', 'x'), 'objectExists'],
      ['update what does not exist', (at) => store.update('/b', 'x', at), 'objectNotFound'],
      ['delete what does not exist', () => store.delete('/b'), 'objectNotFound'],
      ['update an older revision', (at) => store.update('/a', 'x', at - 1), 'revisionConflict'],
      ['update a revision to come', (at) => store.update('/a', 'x', at + 1), 'revisionConflict'],
      ['delete an older revision', (at) => store.delete('/a', { revision: at - 1 }), 'revisionConflict'],
      ['update revision 0', () => store.update('/a', 'x', 0), 'revisionConflict'],
      ['update revision NaN', () => store.update('/a', 'x', NaN), 'revisionConflict'],
    ])('refuses to %s, and nothing changes', async (_, work, code) => {
      await store.create('/a', '1')
      const { revision } = await store.update('/a', '2', await store.revision())
      await expectFailure(work(revision), code)
      expect(await store.get('/a')).toMatchObject({ value: '2', revision })
      expect(await store.revision()).toBe(revision)
    })
  })

  describe('a race', () => {
    it('of 50 creations has one winner', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) => store.create('/a', String(index))),
      )
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
      expect([won.length, lost.length]).toEqual([1, 49])
      for (const { reason } of lost) expect(reason).toMatchObject({ code: 'objectExists' })
      expect(await store.get('/a')).toEqual(won[0]?.value)
    })

    it('of 20 updates lands them all once, if those who lose try again', async () => {
      await store.create('/count', '0')
      const increment = async (): Promise<number> => {
        for (;;) {
          const { value, revision } = (await store.get('/count'))!
          try {
            return (await store.update('/count', String(Number(value) + 1), revision)).revision
          } catch (thrown) {
            expect(thrown).toMatchObject({ code: 'revisionConflict' })
          }
        }
      }
      const revisions = await Promise.all(Array.from({ length: 20 }, increment))
      expect(new Set(revisions).size).toBe(20)
      expect((await store.get('/count'))?.value).toBe('20')
    })

    it('of an update and a deletion at one revision has one winner', async () => {
      const { revision } = await store.create('/a', '1')
      const outcomes = await Promise.allSettled([
        store.update('/a', '2', revision),
        store.delete('/a', { revision }),
        store.update('/a', '3', revision),
      ])
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })

    it('of many writers makes as many changes, in one order for every watcher', async () => {
      const signal = AbortSignal.timeout(600_000)
      const watchers = Array.from({ length: 5 }, () => watched(200, '/', { since: 0, signal }))
      const early = watched(100, '/k/1', { since: 0, signal })
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const { revision } = await store.create(`/k/${index % 2}/${index}`, '1')
          await store.update(`/k/${index % 2}/${index}`, '2', revision)
        }),
      )
      const [first, ...others] = await Promise.all(watchers)
      const revisions = first!.map(({ revision }) => revision)
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))
      expect(new Set(revisions).size).toBe(200)
      for (const other of others) expect(other).toEqual(first)
      expect(await early).toEqual(
        first!.filter((event) => event.type !== 'progress' && event.key.startsWith('/k/1')),
      )
    })
  })

  describe('keys', () => {
    const odd = [
      '/_/x',
      '/%/x',
      '/*/x',
      "/'/x",
      '/"/x',
      '/\\/x',
      '/?/x',
      '/[a]/x',
      '/--/x',
      '/;drop table/x',
      '/\n/x',
      '/\u{1f600}/x',
      '/\uffee/x',
      '/é/x',
      '/e\u0301/x',
      '/__proto__/x',
      '/ /x',
      '/\u007f/x',
    ]

    it('may have any characters, and each is another', async () => {
      for (const key of odd) await store.create(key, JSON.stringify(key))
      for (const key of odd) expect((await store.get(key))?.value).toBe(JSON.stringify(key))
      for (const key of odd) expect(await keysOf(key.slice(0, -1))).toEqual([key])
      for (const key of odd) await store.delete(key)
      expect(await keysOf('/')).toEqual([])
    })

    it('are in the order of their bytes', async () => {
      const bytes = (key: string): string => Buffer.from(key).toString('hex')
      for (const key of odd) await store.create(key, '1')
      const sorted = odd.toSorted((a, b) => (bytes(a) < bytes(b) ? -1 : 1))
      expect(await keysOf('')).toEqual(sorted)
      expect((await store.list('/', { limit: 7 })).objects.map(({ key }) => key)).toEqual(sorted.slice(0, 7))
    })

    it('have cases, and a prefix is a prefix of characters, not of parts', async () => {
      for (const key of ['/ns/a', '/ns/A', '/ns/ab', '/nsx', '/n', '/NS/a']) await store.create(key, '1')
      expect(await keysOf('/ns/')).toEqual(['/ns/A', '/ns/a', '/ns/ab'])
      expect(await keysOf('/ns/a')).toEqual(['/ns/a', '/ns/ab'])
      expect(await keysOf('/ns')).toEqual(['/ns/A', '/ns/a', '/ns/ab', '/nsx'])
    })

    it('have up to 1,024 bytes', async () => {
      const longest = `/${'é'.repeat(511)}x`
      expect(Buffer.byteLength(longest)).toBe(1024)
      await store.create(longest, '1')
      expect((await store.get(longest))?.key).toBe(longest)
      expect(await keysOf(longest)).toEqual([longest])
      await expectFailure(store.create(`${longest}x`, '1'), 'invalidObject')
    })

    it.each(['', '/a\0b', '/\ud800', '/\udc00x'])('%j is none', async (key) => {
      await expectFailure(store.create(key, '1'), 'invalidObject')
      await expectFailure(store.update(key, '1', 1), 'invalidObject')
      await expectFailure(store.get(key), 'invalidObject')
      await expectFailure(store.delete(key), 'invalidObject')
    })
  })

  describe('values', () => {
    it('have up to 1 MiB, counted in bytes', async () => {
      const largest = 'é'.repeat(524_288)
      const { revision } = await store.create('/a', largest)
      expect((await store.get('/a'))?.value).toBe(largest)
      await store.update('/a', 'x'.repeat(1_048_576), revision)
      expect((await store.get('/a'))?.value.length).toBe(1_048_576)
      await expectFailure(store.create('/b', `${largest}x`), 'objectTooLarge')
      await expectFailure(store.create('/b', 'x'.repeat(1_048_577)), 'objectTooLarge')
      await expectFailure(store.update('/a', 'x'.repeat(10_000_000), revision + 1), 'objectTooLarge')
      expect(await keysOf('/')).toEqual(['/a'])
    })

    it.each(['', '{"a":"\\u0000"}', "'; drop table change; --", '\u{1f600}', 'a\nb'])(
      '%j is one',
      async (value) => {
        await store.create('/a', value)
        expect((await store.get('/a'))?.value).toBe(value)
        expect((await store.list('/')).objects[0]?.value).toBe(value)
      },
    )

    it.each(['a\0b', '\ud83d'])('%j is none', async (value) => {
      await expectFailure(store.create('/a', value), 'invalidObject')
      expect(await store.revision()).toBe(0)
    })
  })

  describe('a list', () => {
    it('in pages is of the revision of its first page, whatever happens meanwhile', async () => {
      for (const name of 'abcdefg') await store.create(`/${name}`, `1${name}`)
      await store.delete('/c')
      const first = await store.list('/', { limit: 2 })
      expect(first.objects.map(({ key }) => key)).toEqual(['/a', '/b'])
      await store.create('/aa', 'new')
      await store.create('/c', 'again')
      await store.delete('/d')
      await store.update('/e', 'changed', (await store.get('/e'))!.revision)
      await store.create('/z', 'new')
      const second = await store.list('/', { limit: 2, continue: first.continue! })
      const third = await store.list('/', { continue: second.continue! })
      expect(second.objects.map(({ key, value }) => [key, value])).toEqual([
        ['/d', '1d'],
        ['/e', '1e'],
      ])
      expect(third.objects.map(({ key, value }) => [key, value])).toEqual([
        ['/f', '1f'],
        ['/g', '1g'],
      ])
      expect([second.revision, third.revision]).toEqual([first.revision, first.revision])
      expect(third.continue).toBeUndefined()
      expect(await keysOf('/')).toEqual(['/a', '/aa', '/b', '/c', '/e', '/f', '/g', '/z'])
    })

    it.each([1, 3, 4, 5])('of 4 objects in pages of %d has each once, and ends', async (limit) => {
      for (const name of 'abcd') await store.create(`/x/${name}`, '1')
      await store.create('/y', '1')
      const keys: string[] = []
      let next: string | undefined
      do {
        const page = await store.list('/x/', { limit, ...(next !== undefined && { continue: next }) })
        expect(page.objects.length).toBeGreaterThan(0)
        keys.push(...page.objects.map(({ key }) => key))
        next = page.continue
      } while (next !== undefined)
      expect(keys).toEqual(['/x/a', '/x/b', '/x/c', '/x/d'])
    })

    it('of nothing has the revision of the store', async () => {
      const { revision } = await store.create('/a', '1')
      expect(await store.list('/b')).toEqual({ objects: [], revision })
    })

    it.each(['', 'x', '!', 'e30', 'bnVsbA', 'WzFd', 'a'.repeat(100_000)])(
      'does not go on after the token %.20s',
      async (token) => {
        await store.create('/a', '1')
        await expectFailure(store.list('/', { continue: token }), 'invalidContinue')
      },
    )

    it('is counted, without what was deleted, up to a number', async () => {
      const count = (prefix: string, most = 10): Promise<number> => countObjects(store, prefix, most)
      for (const name of ['/a/1', '/a/2', '/a/3', '/ab/1']) await store.create(name, 'x')
      await store.update('/a/2', 'y', (await store.get('/a/2'))!.revision)
      await store.delete('/a/1')
      expect(await Promise.all([count('/a/'), count('/a'), count('/a/', 1), count('/b/')])).toEqual([
        2, 3, 1, 0,
      ])
      await store.create('/a/1', 'z')
      expect(await count('/a/')).toBe(3)
    })

    it('does not go on in another prefix, nor at a revision to come', async () => {
      for (const name of 'abc') await store.create(`/x/${name}`, '1')
      const token = (await store.list('/x/', { limit: 1 })).continue!
      await expectFailure(store.list('/y/', { continue: token }), 'invalidContinue')
      const forged = Buffer.from(JSON.stringify([999, '/x/a'])).toString('base64url')
      await expectFailure(store.list('/x/', { continue: forged }), 'revisionUnknown')
    })

    it('says that its revision was compacted', async () => {
      for (const name of 'abc') await store.create(`/${name}`, '1')
      const token = (await store.list('/', { limit: 1 })).continue!
      const { revision } = await store.create('/d', '1')
      await store.compact(revision)
      await expectFailure(store.list('/', { continue: token }), 'revisionCompacted')
      expect(await keysOf('/')).toEqual(['/a', '/b', '/c', '/d'])
    })
  })

  describe('a watch', () => {
    /** Creates, changes and deletes: the changes as a watch should tell of them. */
    const history = async (): Promise<readonly StoreChange[]> => {
      const a = await store.create('/a', '1')
      const b = await store.create('/b', '1')
      const a2 = await store.update('/a', '2', a.revision)
      const goneA = await store.delete('/a')
      const again = await store.create('/a', '3')
      return [
        { ...a, type: 'created' },
        { ...b, type: 'created' },
        { ...a2, type: 'updated', previous: '1' },
        goneA,
        { ...again, type: 'created' },
      ]
    }

    it('tells of every change once and in order, from any revision on', async () => {
      const changes = await history()
      for (const since of [0, ...changes.map(({ revision }) => revision)]) {
        const expected = changes.filter(({ revision }) => revision > since)
        expect(await watched(expected.length, '/', { since })).toEqual(expected)
      }
      expect(await watched(4, '/a', { since: 0 })).toEqual(changes.filter(({ key }) => key === '/a'))
    })

    it('goes on with what comes, without a gap', async () => {
      const events = watched(6, '/', { since: 0 })
      const changes = await history()
      const last = await store.delete('/b')
      expect(await events).toEqual([...changes, last])
    })

    it('begins now, unless it is told otherwise', async () => {
      await store.create('/a', '1')
      const watch = store.watch('/')
      const { revision } = await store.create('/b', '1')
      const iterator = watch[Symbol.asyncIterator]()
      expect((await iterator.next()).value).toMatchObject({ key: '/b', revision })
      await iterator.return!()
    })

    it('survives compaction of what it has read, and says if it is of what it has not', async () => {
      const changes = await history()
      const [, , third] = changes
      await store.compact(third!.revision)
      expect(await watched(2, '/', { since: third!.revision })).toEqual(changes.slice(3))
      await expectFailure(watched(1, '/', { since: third!.revision - 1 }), 'revisionCompacted')
      await expectFailure(watched(1, '/', { since: 0 }), 'revisionCompacted')
      expect((await store.get('/b'))?.value).toBe('1')
    })

    it('knows the value before, also if only that was left', async () => {
      const a = await store.create('/a', '1')
      const a2 = await store.update('/a', '2', a.revision)
      await store.compact(a2.revision)
      await store.update('/a', '3', a2.revision)
      expect(await watched(1, '/', { since: a2.revision })).toMatchObject([{ value: '3', previous: '2' }])
    })

    it('does not begin at a revision to come', async () => {
      await expectFailure(watched(1, '/', { since: 1 }), 'revisionUnknown')
      await expectFailure(store.compact(1), 'revisionUnknown')
    })

    it('ends at once when its signal aborts, whether it waits or not', async () => {
      const controller = new AbortController()
      const iterator = store.watch('/', { signal: controller.signal })[Symbol.asyncIterator]()
      const next = iterator.next()
      controller.abort()
      expect(await next).toEqual({ done: true, value: undefined })
      expect(await iterator.next()).toEqual({ done: true, value: undefined })
      await store.create('/a', '1')
      const never = store.watch('/', { since: 0, signal: AbortSignal.abort() })[Symbol.asyncIterator]()
      expect(await never.next()).toEqual({ done: true, value: undefined })
    })

    it('ends when it is left', async () => {
      const iterator = store.watch('/')[Symbol.asyncIterator]()
      const next = iterator.next()
      await iterator.return!()
      expect(await next).toEqual({ done: true, value: undefined })
    })

    it('is cut if it is read too slowly, and can be taken up again where it was', async () => {
      const slow = store.watch('/', { since: 0, maxWaiting: 10 })[Symbol.asyncIterator]()
      const first = slow.next()
      const { revision } = await store.create('/0', '1')
      expect((await first).value).toMatchObject({ revision })
      for (let index = 1; index <= 11; index++) await store.create(`/${index}`, '1')
      await expectFailure(slow.next(), 'watchTooSlow')
      expect(await slow.next()).toEqual({ done: true, value: undefined })
      expect(await watched(11, '/', { since: revision })).toHaveLength(11)
    })

    it('of the past is not cut, however slowly it is read', async () => {
      for (let index = 0; index < 700; index++) await store.create(`/${index}`, '1')
      const iterator = store.watch('/', { since: 0, maxWaiting: 1 })[Symbol.asyncIterator]()
      for (let index = 0; index < 700; index++) {
        expect((await iterator.next()).value).toMatchObject({ key: `/${index}` })
        if (index === 600) for (const name of 'xyz') await store.create(`/${name}`, '1')
      }
      for (const name of 'xyz') expect((await iterator.next()).value).toMatchObject({ key: `/${name}` })
      await iterator.return!()
    })

    it('tells how far it is while nothing happens', async () => {
      await store.create('/other', '1')
      const iterator = store.watch('/a', { since: 0, progressMs: 1000 })[Symbol.asyncIterator]()
      const next = iterator.next()
      clock.advance(999)
      const { revision } = await store.create('/other2', '1')
      clock.advance(1)
      expect((await next).value).toEqual({ type: 'progress', revision })
      const second = iterator.next()
      clock.advance(999)
      const a = await store.create('/a', '1')
      expect((await second).value).toMatchObject({ type: 'created', revision: a.revision })
      const third = iterator.next()
      clock.advance(999)
      clock.advance(1)
      expect((await third).value).toEqual({ type: 'progress', revision: a.revision })
      await iterator.return!()
    })

    it('ends with an error when the store is closed', async () => {
      const iterator = store.watch('/')[Symbol.asyncIterator]()
      const next = iterator.next()
      const written = store.create('/a', '1')
      await store.close()
      expect((await written).value).toBe('1')
      expect((await next).value).toMatchObject({ key: '/a' })
      await expectFailure(iterator.next(), 'closed')
      await expectFailure(store.get('/a'), 'closed')
      await expectFailure(store.list('/'), 'closed')
      await expectFailure(store.create('/b', '1'), 'closed')
      await expectFailure(store.revision(), 'closed')
      await expectFailure(watched(1, '/'), 'closed')
      await store.close()
    })

    it('costs nothing once it is over', async () => {
      for (let index = 0; index < 2000; index++) {
        const controller = new AbortController()
        const iterator = store.watch('/', { signal: controller.signal })[Symbol.asyncIterator]()
        const next = iterator.next()
        controller.abort()
        await next
      }
      const { revision } = await store.create('/a', '1')
      expect(await watched(1, '/', { since: revision - 1 })).toHaveLength(1)
    })
  })

  it('leaves no rejection unhandled when it is closed under reads, writes and watches', async () => {
    const unhandled = unhandledRejections()
    const { revision } = await store.create('/a', '1')
    const follow = async (since: number): Promise<void> => {
      for await (const _ of store.watch('/', { since }));
    }
    const work = [
      ...[0, revision].map((since) => follow(since)),
      store.create('/b', '1'),
      store.update('/a', '2', revision),
      store.delete('/missing'),
      store.list('/', { limit: 1 }),
      store.get('/a'),
      store.revision(),
      store.compact(revision + 100),
    ].map((each) => each.then(String, String))
    await store.close()
    expect(await Promise.all(work)).toHaveLength(9)
    // One that is not read.
    store.watch('/', { since: 0 })
    await unhandled.settled()
    expect(unhandled.all).toEqual([])
  })

  describe('expiry', () => {
    it('is exact: an object is there until its time, and never from then on', async () => {
      const a = await store.create('/a', '1', { ttlMs: 1000 })
      expect(a.expiresAtMs).toBe(clock.now() + 1000)
      clock.advance(999)
      expect(await store.get('/a')).toEqual(a)
      expect((await store.list('/')).objects).toEqual([a])
      clock.advance(1)
      expect(await store.get('/a')).toBeUndefined()
      expect((await store.list('/')).objects).toEqual([])
      await expectFailure(store.update('/a', '2', a.revision), 'objectNotFound')
      expect((await store.create('/a', '2')).expiresAtMs).toBeUndefined()
    })

    it('is a deletion for those who watch', async () => {
      const events = watched(3, '/', { since: 0 })
      const a = await store.create('/a', '1', { ttlMs: 1000 })
      const b = await store.create('/b', '1', { ttlMs: 500 })
      clock.advance(500)
      const [, , gone] = await events
      expect(gone).toEqual({ ...b, type: 'deleted', revision: b.revision + 1, expiresAtMs: undefined })
      expect(await watched(1, '/', { since: b.revision })).toEqual([gone])
      expect((await store.list('/')).objects).toEqual([a])
    })

    it('is put off by an update, taken away by one without it, and set by one', async () => {
      const a = await store.create('/a', '1', { ttlMs: 1000 })
      const b = await store.create('/b', '1', { ttlMs: 1000 })
      const c = await store.create('/c', '1')
      await store.update('/a', '2', a.revision, { ttlMs: 2000 })
      await store.update('/b', '2', b.revision)
      await store.update('/c', '2', c.revision, { ttlMs: 1500 })
      clock.advance(1400)
      expect(await keysOf('/')).toEqual(['/a', '/b', '/c'])
      clock.advance(100)
      expect(await keysOf('/')).toEqual(['/a', '/b'])
      clock.advance(500)
      expect(await keysOf('/')).toEqual(['/b'])
      clock.advance(1e12)
      expect(await keysOf('/')).toEqual(['/b'])
    })

    it('of an object that was deleted and created again does not count for the new one', async () => {
      await store.create('/a', '1', { ttlMs: 1000 })
      await store.delete('/a')
      await store.create('/a', '2')
      clock.advance(2000)
      expect((await store.get('/a'))?.value).toBe('2')
    })

    it('of many happens in the order of their times, each once', async () => {
      for (let index = 0; index < 300; index++) {
        await store.create(`/${index}`, '1', { ttlMs: 1 + ((index * 7919) % 300) })
      }
      const since = await store.revision()
      for (let index = 0; index < 300; index++) clock.advance(1)
      const gone = (await watched(300, '/', { since })) as readonly StoreChange[]
      const times = gone.map(({ key }) => (Number(key.slice(1)) * 7919) % 300)
      expect(times).toEqual(Array.from({ length: 300 }, (_, index) => index))
      expect(await keysOf('/')).toEqual([])
      expect(await store.revision()).toBe(since + 300)
    })

    it('at a given time is exactly then, by the time of the store', async () => {
      const expiresAtMs = store.now!() + 1000
      const a = await store.create('/a', '1', { expiresAtMs })
      const { revision } = await store.create('/b', '1')
      const b = await store.update('/b', '2', revision, { expiresAtMs })
      expect([a.expiresAtMs, b.expiresAtMs]).toEqual([expiresAtMs, expiresAtMs])
      clock.advance(999)
      expect((await store.list('/')).objects).toEqual([a, b])
      clock.advance(1)
      expect(await keysOf('/')).toEqual([])
    })

    it('at a time that is over is at once', async () => {
      await store.create('/a', '1', { expiresAtMs: store.now!() - 1 })
      const { revision } = await store.create('/b', '1')
      await store.update('/b', '2', revision, { expiresAtMs: 1 })
      clock.advance(1)
      expect(await keysOf('/')).toEqual([])
    })

    it.each([NaN, Infinity, -Infinity])('at %d is none', async (expiresAtMs) => {
      await expect(store.create('/a', '1', { expiresAtMs })).rejects.toThrow('expiresAtMs must be')
      await expect(store.create('/a', '1', { expiresAtMs: 1, ttlMs: 1 })).rejects.toThrow(
        'cannot be combined',
      )
      expect(await keysOf('/')).toEqual([])
    })

    it.each([0, -1, NaN, Infinity])('after %d ms is none', async (ttlMs) => {
      await expect(store.create('/a', '1', { ttlMs })).rejects.toThrow('ttlMs must be above 0')
      expect(await keysOf('/')).toEqual([])
    })
  })

  describe('a fence', () => {
    /** Every kind of write, of objects that are there, under a fence. */
    const writes = async (fence: Fence): Promise<readonly (() => Promise<unknown>)[]> => {
      const { revision } = await store.create('/updated', '1')
      await store.create('/deleted', '1')
      return [
        () => store.create('/created', '1', { fence }),
        () => store.update('/updated', '2', revision, { fence }),
        () => store.delete('/deleted', { fence }),
      ]
    }
    const expectFenced = async (fence: Fence): Promise<void> => {
      const all = await writes(fence)
      const before = await store.list('/')
      for (const write of all) await expectFailure(write(), 'fenced')
      expect(await store.list('/')).toEqual(before)
    }

    it('that is null, as plain JavaScript may pass it, lets nothing through', async () => {
      const all = await writes(null as unknown as Fence)
      const before = await store.list('/')
      for (const write of all) await expect(write()).rejects.toThrow()
      expect(await store.list('/')).toEqual(before)
    })

    it('that stands lets everything through, and ends lives as without it', async () => {
      const { createdRevision } = await store.create('/lease', '1')
      for (const write of await writes({ key: '/lease', createdRevision })) await write()
      expect(await keysOf('/')).toEqual(['/created', '/lease', '/updated'])
      const short = { ttlMs: 1000, fence: { key: '/lease', createdRevision } }
      const { expiresAtMs } = await store.create('/short', '1', short)
      expect(expiresAtMs).toBe(clock.now() + 1000)
      clock.advance(1000)
      expect(await keysOf('/short')).toEqual([])
    })

    it('that is not there refuses everything, and nothing changes', async () => {
      await expectFenced({ key: '/lease', createdRevision: 1 })
    })

    it('stays the same when it is updated', async () => {
      const lease = await store.create('/lease', '1', { ttlMs: 1000 })
      await store.update('/lease', '2', lease.revision, { ttlMs: 1000 })
      for (const write of await writes({ key: '/lease', createdRevision: lease.createdRevision }))
        await write()
      expect(await keysOf('/')).toEqual(['/created', '/lease', '/updated'])
    })

    it('refuses from its deletion on', async () => {
      const { createdRevision } = await store.create('/lease', '1')
      await store.delete('/lease')
      await expectFenced({ key: '/lease', createdRevision })
    })

    it('refuses when another one has its key', async () => {
      const { createdRevision } = await store.create('/lease', '1')
      await store.delete('/lease')
      const other = await store.create('/lease', '1')
      await expectFenced({ key: '/lease', createdRevision })
      const fence = { key: '/lease', createdRevision: other.createdRevision }
      await store.create('/created', '1', { fence })
    })

    it('stands until its time, and refuses exactly from then on', async () => {
      const lease = await store.create('/lease', '1', { ttlMs: 1000 })
      const fence = { key: '/lease', createdRevision: lease.createdRevision }
      clock.advance(999)
      await store.create('/a', '1', { fence })
      clock.advance(1)
      await expectFenced(fence)
      // Also when another one has taken its place.
      await store.create('/lease', '2', { ttlMs: 1000 })
      await expectFailure(store.create('/b', '1', { fence }), 'fenced')
    })

    it('that is over refuses, though more has ended before it than is deleted at once', async () => {
      const names = Array.from({ length: 1200 }, (_, index) => `/short/${index}`)
      await Promise.all(names.map((name) => store.create(name, '1', { ttlMs: 999 })))
      const { createdRevision } = await store.create('/lease', '1', { ttlMs: 1000 })
      clock.advance(1000)
      await expectFailure(store.create('/a', '1', { fence: { key: '/lease', createdRevision } }), 'fenced')
    })

    it('that was put off in time stands longer, and no longer than that', async () => {
      const lease = await store.create('/lease', '1', { ttlMs: 1000 })
      const fence = { key: '/lease', createdRevision: lease.createdRevision }
      clock.advance(500)
      await store.update('/lease', '2', lease.revision, { ttlMs: 1000 })
      clock.advance(999)
      await store.create('/a', '1', { fence })
      clock.advance(1)
      await expectFailure(store.create('/b', '1', { fence }), 'fenced')
    })

    it('counts at the moment of the write, not when it was asked for', async () => {
      const lease = await store.create('/lease', '1', { ttlMs: 1000 })
      const fence = { key: '/lease', createdRevision: lease.createdRevision }
      const [first, gone, second] = await Promise.allSettled([
        store.create('/a', '1', { fence }),
        store.delete('/lease'),
        store.create('/b', '1', { fence }),
      ])
      if (gone.status === 'rejected') throw gone.reason
      for (const each of [first, second]) {
        if (each.status === 'fulfilled') expect(each.value.revision).toBeLessThan(gone.value.revision)
        else expect(each.reason).toMatchObject({ code: 'fenced' })
      }
    })

    it('in a race with its replacement has no write after it', async () => {
      const lease = await store.create('/lease', '1')
      const fence = { key: '/lease', createdRevision: lease.createdRevision }
      const attempts = Array.from({ length: 40 }, (_, index) => store.create(`/w/${index}`, '1', { fence }))
      const gone = store.delete('/lease', { createdRevision: lease.createdRevision })
      const later = Array.from({ length: 40 }, (_, index) => store.create(`/v/${index}`, '1', { fence }))
      const outcomes = await Promise.allSettled([...attempts, ...later])
      const other = await store.create('/lease', '2')
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'fenced' })
      const written = (await store.list('/')).objects.filter(({ key }) => key !== '/lease')
      expect(written.length + refused.length).toBe(80)
      for (const { revision } of written) expect(revision).toBeLessThan((await gone).revision)
      expect(other.createdRevision).toBeGreaterThan((await gone).revision)
      await expectFailure(store.create('/late', '1', { fence }), 'fenced')
    })

    it('is told before any other refusal', async () => {
      const fence = { key: '/lease', createdRevision: 1 }
      await store.create('/a', '1')
      await expectFailure(store.create('/a', '1', { fence }), 'fenced')
      await expectFailure(store.update('/a', '1', 999, { fence }), 'fenced')
      await expectFailure(store.update('/b', '1', 1, { fence }), 'fenced')
      await expectFailure(store.delete('/b', { fence }), 'fenced')
    })

    it('lets the other refusals through while it stands', async () => {
      const { createdRevision } = await store.create('/lease', '1')
      const fence = { key: '/lease', createdRevision }
      await expectFailure(store.create('/lease', '1', { fence }), 'objectExists')
      await expectFailure(store.update('/lease', '1', 999, { fence }), 'revisionConflict')
      await expectFailure(store.update('/b', '1', 1, { fence }), 'objectNotFound')
      await expectFailure(store.delete('/b', { fence }), 'objectNotFound')
    })

    it('may be the object itself, which is given up like that', async () => {
      const lease = await store.create('/lease', '1', { ttlMs: 1000 })
      const fence = { key: '/lease', createdRevision: lease.createdRevision }
      await store.update('/lease', '2', lease.revision, { ttlMs: 1000, fence })
      await store.delete('/lease', { fence })
      await expectFailure(store.create('/lease', '3', { fence }), 'fenced')
    })

    it.each(['__proto__', '/__proto__', 'constructor', '/%/_', "/';--"])(
      'may have the key %j',
      async (key) => {
        await expectFailure(store.create('/a', '1', { fence: { key, createdRevision: 1 } }), 'fenced')
        const { createdRevision } = await store.create(key, '1')
        await store.create('/a', '1', { fence: { key, createdRevision } })
        await expectFailure(store.create('/b', '1', { fence: { key: `${key}x`, createdRevision } }), 'fenced')
      },
    )

    it.each([0, -1, NaN, Infinity, 0.5, 2 ** 53])(
      'of the revision %d never stands',
      async (createdRevision) => {
        await store.create('/lease', '1')
        await expectFailure(store.create('/a', '1', { fence: { key: '/lease', createdRevision } }), 'fenced')
      },
    )

    it.each([
      ['an empty key', ''],
      ['U+0000 in its key', '/a\0b'],
      ['half a character in its key', '/\ud800'],
      ['1,025 bytes in its key', 'x'.repeat(1025)],
    ])('with %s is none', async (_, key) => {
      const fence = { key, createdRevision: 1 }
      await expectFailure(store.create('/a', '1', { fence }), 'invalidObject')
      await expectFailure(store.update('/a', '1', 1, { fence }), 'invalidObject')
      await expectFailure(store.delete('/a', { fence }), 'invalidObject')
    })
  })

  describe('many objects', () => {
    it(`${many} are listed in pages and found, and their history stays short`, async () => {
      ;({ store } = await openAnother(many === 20_000 ? {} : { maxHistoryChanges: many / 10 }))
      const name = (index: number): string => `/registry/serviceaccounts/ns-${index % 100}/${index}`
      const indexes = Array.from({ length: many }, (_, index) => index)
      const last = many - 1
      const create = (index: number): Promise<unknown> => store.create(name(index), `{"n":${index}}`)
      while (indexes.length > 0) await Promise.all(indexes.splice(0, 1000).map(create))
      expect((await store.get(name(last)))?.value).toBe(`{"n":${last}}`)
      expect((await store.list('/registry/serviceaccounts/ns-7/')).objects).toHaveLength(many / 100)
      let count = 0
      let next: string | undefined
      do {
        const page = await store.list('/registry/', {
          limit: many / 20,
          ...(next !== undefined && { continue: next }),
        })
        count += page.objects.length
        next = page.continue
      } while (next !== undefined)
      expect(count).toBe(many)
      await expectFailure(watched(1, '/', { since: 0 }), 'revisionCompacted')
      expect(
        await watched(many / 10, '/', { since: (await store.revision()) - many / 10, maxWaiting: 1 }),
      ).toHaveLength(many / 10)
    })
  })

  describe('the history', () => {
    it('is limited by the number of changes', async () => {
      ;({ store } = await openAnother({ maxHistoryChanges: 100 }))
      let { revision } = await store.create('/a', '0')
      for (let index = 1; index <= 400; index++)
        ({ revision } = await store.update('/a', String(index), revision))
      expect(await watched(100, '/', { since: revision - 100 })).toHaveLength(100)
      await expectFailure(watched(1, '/', { since: revision - 200 }), 'revisionCompacted')
      expect((await store.get('/a'))?.value).toBe('400')
    })

    it('is limited by the length of their values', async () => {
      ;({ store } = await openAnother({ historyLength: 1_000_000 }))
      let { revision } = await store.create('/a', 'x')
      for (let index = 0; index < 30; index++) {
        ;({ revision } = await store.update('/a', 'x'.repeat(100_000), revision))
      }
      expect(await watched(5, '/', { since: revision - 5 })).toHaveLength(5)
      await expectFailure(watched(1, '/', { since: revision - 25 }), 'revisionCompacted')
    })

    it('can be compacted to the last revision, again, and to nothing', async () => {
      await store.compact(0)
      const { revision } = await store.create('/a', '1')
      const deleted = await store.delete('/a', { revision })
      await store.compact(deleted.revision)
      await store.compact(deleted.revision)
      await store.compact(0)
      expect(await store.list('/')).toEqual({ objects: [], revision: deleted.revision })
      expect((await store.create('/a', '2')).revision).toBeGreaterThan(deleted.revision)
    })
  })

  if (isDurable) {
    it('is the same after it was opened again, with its revisions, expiries and history', async () => {
      await store.create('/a', '1')
      const b = await store.create('/b', '1', { ttlMs: 1000 })
      const c = await store.create('/c', '1', { ttlMs: 5000 })
      const gone = await store.delete('/a')
      await store.compact(b.revision)
      await store.close()
      clock.advance(1500)
      store = await under.reopen!()
      opened.push({ store })
      expect((await store.list('/')).objects).toEqual([c])
      expect(await store.revision()).toBe(gone.revision + 1)
      await expectFailure(watched(1, '/', { since: b.revision - 1 }), 'revisionCompacted')
      expect(await watched(2, '/', { since: c.revision })).toMatchObject([
        { type: 'deleted', key: '/a' },
        { type: 'deleted', key: '/b' },
      ])
      clock.advance(3500)
      expect(await store.get('/c')).toBeUndefined()
      expect((await store.create('/d', '1')).revision).toBe(gone.revision + 3)
    })
  }
}
