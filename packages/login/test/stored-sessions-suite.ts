import { fixedClock, type FixedClock } from '@kube-authn/testing'
import { sha256Hex } from '@kube-authn/core/internal'
import { StoreError } from '@kube-authn/store'
import { describe, expect, it, vi } from 'vitest'
import type { Session, SessionContent } from '../src/sessions/session-keeper.ts'
import type { SessionRecord, SessionStore } from '../src/sessions/session-store.ts'
import { storedSessions, type StoredSessionsOptions } from '../src/sessions/stored-sessions.ts'
import { contentOf, hooked, inTime, loggedIn } from './sessions.ts'

/** A store of sessions, and what is in it. */
export interface TestedStore {
  readonly store: SessionStore
  /** The keys of all records whose keys begin with a prefix, and their values. */
  values(prefix: string): Promise<readonly string[]>
}

/** What stored sessions do, with each kind of store. */
export function storedSessionsSuite(openStore: (clock: FixedClock) => TestedStore): void {
  const jane = contentOf('jane')
  const LIFETIME = { ttlMs: 43_200_000 }

  /** Resolves when a replica has the turn to refresh. */
  function isRefreshing(store: SessionStore): Promise<void> {
    return vi.waitFor(async () => expect(await recordsIn(store, 'refreshing')).toHaveLength(1), {
      timeout: 10_000,
      interval: 5,
    })
  }

  async function recordsIn(store: SessionStore, folder: string): Promise<readonly SessionRecord[]> {
    return (await store.list(`/sessions/${folder}/`, { limit: 100 })).objects
  }

  function setUp(options: Partial<StoredSessionsOptions> = {}) {
    const clock = fixedClock()
    const tested = openStore(clock)
    const { store } = tested
    const keeperOf = (others: Partial<StoredSessionsOptions> = {}) =>
      storedSessions({ store, clock, ...options, ...others })
    const values = (prefix = '') => tested.values(prefix)
    return { clock, store, keeperOf, keeper: keeperOf(), values }
  }

  describe('a logout that anyone may send', () => {
    const unproven = { isProven: false }
    const selector = { provider: 'example', providerSession: 'sid-jane' }

    it('ends the session, which never comes back', async () => {
      const { clock, keeper } = setUp()
      const { header } = await loggedIn(keeper, jane)
      expect(await keeper.endWhere(selector, unproven)).toBe(1)
      expect(await keeper.find(header)).toBeUndefined()
      clock.advance(60_000)
      await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
    })

    it('leaves nothing in the store for long if there is no such session', async () => {
      const { clock, keeper, values } = setUp()
      for (let index = 0; index < 20; index++)
        await keeper.endWhere({ ...selector, providerSession: String(index) }, unproven)
      expect(await values()).toHaveLength(20)
      await expect(keeper.begin({ ...jane, providerSession: '7' })).rejects.toMatchObject({
        code: 'unavailable',
      })
      clock.advance(10_000)
      expect(await values()).toEqual([])
    })

    it('stops no login that it does not mean', async () => {
      const { keeper } = setUp()
      await keeper.endWhere({ provider: 'other', providerSession: 'sid-jane' })
      await keeper.endWhere({ provider: 'other', subject: 'sub-jane', username: 'jane' })
      const { header } = await loggedIn(keeper, jane)
      expect((await keeper.find(header))?.content.username).toBe('jane')
    })

    it('does not shorten what a proven one has left', async () => {
      const { clock, keeper } = setUp()
      await keeper.endWhere(selector)
      await keeper.endWhere(selector, unproven)
      clock.advance(60_000)
      await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
    })
  })

  describe('storedSessions', () => {
    it.each([
      ['store', { store: undefined }],
      ['store', { store: new Map() }],
      ['prefix', { prefix: '' }],
      ['prefix', { prefix: 'sessions' }],
      ['prefix', { prefix: 'ü/' }],
      ['prefix', { prefix: `${'a'.repeat(200)}/` }],
      ['maxSessionsPerUser', { maxSessionsPerUser: 0 }],
      ['maxSessionsPerUser', { maxSessionsPerUser: 1.5 }],
      ['keys', { keys: [] }],
    ])('refuses a wrong %s', (path, options) => {
      expect(() => setUp(options as unknown as StoredSessionsOptions)).toThrow(path)
    })

    it('has 256 random bits in the cookie, and neither them nor a token in the store', async () => {
      const { keeper, values } = setUp()
      const { session, setCookies } = await keeper.begin(jane)
      expect(setCookies).toEqual([
        `__Host-session=${session.id}; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax`,
      ])
      const stored = (await values()).join('\n')
      for (const secret of [session.id, jane.idToken, jane.refreshToken]) expect(stored).not.toContain(secret)
      expect(stored).toContain(session.digest)
    })

    it('leaves nothing in the store when all sessions are over', async () => {
      const { clock, keeper, values } = setUp()
      const { session } = await keeper.begin(jane)
      await keeper.begin(contentOf('bob'))
      await keeper.endWhere({ username: 'bob' })
      await keeper.end(session)
      await keeper.begin(jane)
      clock.advance(43_200_000)
      expect(await values()).toEqual([])
    })

    it('is shared by replicas', async () => {
      const { keeperOf } = setUp()
      const [one, other] = [keeperOf(), keeperOf()]
      const { header } = await loggedIn(one, jane)
      expect((await other.find(header))?.content).toEqual(jane)
      await other.end(await other.find(header))
      expect(await one.find(header)).toBeUndefined()
    })

    it('has sessions of its own below each prefix', async () => {
      const { keeperOf } = setUp()
      const { header } = await loggedIn(keeperOf(), jane)
      const other = keeperOf({ prefix: '/other/' })
      expect(await other.find(header)).toBeUndefined()
      expect(await other.list({})).toEqual([])
      expect(await other.endWhere({ username: 'jane' })).toBe(0)
    })

    it.each([
      ['the digest', (digest: string) => digest],
      ['half of the digest', (digest: string) => digest.slice(0, 43)],
      ['a path', () => '../'.repeat(20)],
      ['a longer value', () => 'A'.repeat(44)],
    ])('finds no session by %s', async (_, valueOf) => {
      const { keeper } = setUp()
      const { session } = await keeper.begin(jane)
      expect(await keeper.find(`__Host-session=${valueOf(session.digest)}`)).toBeUndefined()
    })

    describe('with a store that someone can write to', () => {
      it.each([
        [
          'another username',
          (value: string) => value.replace('"username":"jane"', '"username":"admin"'),
          'jane',
        ],
        ['another end', (value: string) => value.replace(/"endsAtMs":\d+/, '"endsAtMs":9e15'), 'jane'],
        ['no sealed part', (value: string) => value.replace('"sealed"', '"seal"'), undefined],
        ['a changed sealed part', (value: string) => value.replace(/[\w-]{5}"\}$/, 'AAAAA"}'), undefined],
        ['something else', () => '[]', undefined],
        ['no JSON', () => 'x', undefined],
      ])('believes only what is sealed: %s', async (_, change, username) => {
        const { clock, store, keeper } = setUp()
        const { header } = await loggedIn(keeper, jane)
        const [record] = await recordsIn(store, 'session')
        await store.update(record?.key ?? '', change(record?.value ?? ''), record?.revision ?? 0, LIFETIME)
        expect((await keeper.find(header))?.content.username).toBe(username)
        clock.advance(43_200_000)
        expect(await keeper.find(header)).toBeUndefined()
      })

      it('does not take the record of another session', async () => {
        const { store, keeper } = setUp()
        const [one, other] = [await loggedIn(keeper, jane), await loggedIn(keeper, contentOf('bob'))]
        const [first, second] = await recordsIn(store, 'session')
        await store.update(first?.key ?? '', second?.value ?? '', first?.revision ?? 0, LIFETIME)
        await store.update(second?.key ?? '', first?.value ?? '', second?.revision ?? 0, LIFETIME)
        expect(await keeper.find(one.header)).toBeUndefined()
        expect(await keeper.find(other.header)).toBeUndefined()
        expect(await keeper.list({})).toEqual([])
      })

      it('takes a damaged mark for one that concerns the session', async () => {
        const { store, keeper } = setUp()
        await keeper.endWhere({ username: 'jane' })
        const [mark] = await recordsIn(store, `ended/username/${sha256Hex('jane')}`)
        await store.update(mark?.key ?? '', 'x', mark?.revision ?? 0, LIFETIME)
        await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
      })
    })

    describe('list', () => {
      it('has what an admin may know, and no secret', async () => {
        const { clock, keeper } = setUp()
        const { session } = await keeper.begin(jane)
        clock.advance(1)
        await keeper.begin(contentOf('bob'))
        expect(await keeper.list({ username: 'jane' })).toEqual([
          {
            digest: session.digest,
            provider: 'example',
            subject: 'sub-jane',
            username: 'jane',
            startedAtMs: session.startedAtMs,
            endsAtMs: session.endsAtMs,
            seenAtMs: session.seenAtMs,
          },
        ])
        expect((await keeper.list({})).map(({ username }) => username).toSorted()).toEqual(['bob', 'jane'])
        expect(await keeper.list({ username: 'eve' })).toEqual([])
      })

      it('has neither sessions that are over nor those that have ended', async () => {
        const { clock, keeper } = setUp({ idleTimeoutSeconds: 600 })
        await keeper.begin(jane)
        clock.advance(599_999)
        expect(await keeper.list({ username: 'jane' })).toHaveLength(1)
        clock.advance(1)
        expect(await keeper.list({ username: 'jane' })).toEqual([])
      })

      it('goes through any number of sessions, in pages', async () => {
        const { keeper } = setUp()
        for (let index = 0; index < 1001; index++) await keeper.begin(contentOf(`user ${index}`))
        expect(await keeper.list({})).toHaveLength(1001)
        expect(await keeper.endWhere({ provider: 'example' })).toBe(1001)
        expect(await keeper.list({})).toEqual([])
      })

      it.each(['', '__proto__', '../jane', 'jane/', 'ü'.repeat(10_000), '\u0000', '\ud800'])(
        'finds the user %j',
        async (username) => {
          const { keeper } = setUp()
          const { header } = await loggedIn(keeper, contentOf('jane', { username }))
          expect((await keeper.find(header))?.content.username).toBe(username)
          expect(await keeper.list({ username })).toHaveLength(1)
          expect(await keeper.endWhere({ username })).toBe(1)
          expect(await keeper.find(header)).toBeUndefined()
        },
      )
    })

    describe('endWhere', () => {
      it.each([
        [{ subject: 'sub-jane' }, 2],
        [{ provider: 'example', subject: 'sub-jane' }, 1],
        [{ provider: 'other' }, 1],
        [{ username: 'jane' }, 2],
        [{ username: 'jane', subject: 'sub-bob' }, 0],
        [{ providerSession: 'sid-jane', username: 'bob' }, 0],
        [{ providerSession: 'sid-bob' }, 1],
      ])('ends what has every member of %j', async (selector, count) => {
        const { keeper } = setUp()
        for (const content of [jane, { ...jane, provider: 'other' }, contentOf('bob')])
          await keeper.begin(content)
        expect(await keeper.endWhere(selector)).toBe(count)
        expect(await keeper.list({})).toHaveLength(3 - count)
        expect(await keeper.endWhere(selector)).toBe(0)
      })

      it('reads no sessions of other users', async () => {
        const { store, keeper, keeperOf } = setUp()
        for (let index = 0; index < 50; index++) await keeper.begin(contentOf(`user ${index}`))
        let reads = 0
        const counted = keeperOf({
          store: hooked(store, (operation) => void (operation === 'get' && reads++)),
        })
        expect(await counted.endWhere({ username: 'user 7' })).toBe(1)
        expect(reads).toBeLessThanOrEqual(2)
      })

      it('ends a session that was renamed by its new name, and not by its old one', async () => {
        const { keeper } = setUp()
        const { session } = await keeper.begin(jane)
        await keeper.replace(session, { ...jane, username: 'jane-doe', providerSession: 'next' })
        expect(await keeper.endWhere({ username: 'jane' })).toBe(0)
        expect(await keeper.list({ username: 'jane-doe' })).toHaveLength(1)
        expect(await keeper.endWhere({ providerSession: 'next' })).toBe(1)
      })
    })

    describe('the number of sessions of a user', () => {
      it('is kept by ending the oldest', async () => {
        const { clock, keeper } = setUp({ maxSessionsPerUser: 3 })
        const bob = await loggedIn(keeper, contentOf('bob'))
        const browsers = []
        for (let index = 0; index < 5; index++) {
          browsers.push(await loggedIn(keeper, { ...jane, providerSession: `sid ${index}` }))
          clock.advance(1)
        }
        const found = await Promise.all(browsers.map(({ header }) => keeper.find(header)))
        expect(found.map((session) => session !== undefined)).toEqual([false, false, true, true, true])
        expect(await keeper.find(bob.header)).toBeDefined()
      })

      it('does not count sessions that are over', async () => {
        const { clock, keeper, values } = setUp({ maxSessionsPerUser: 2, idleTimeoutSeconds: 600 })
        const first = await loggedIn(keeper, jane)
        for (let index = 0; index < 20; index++) {
          clock.advance(60_000)
          const session = await keeper.find(first.header)
          if (session !== undefined) await keeper.touch(session)
          const { session: second } = await keeper.begin({ ...jane, providerSession: `sid ${index}` })
          await keeper.end(second)
        }
        clock.advance(60_000)
        await keeper.begin(jane)
        expect(await keeper.find(first.header)).toBeDefined()
        expect(await values('/sessions/by/username/')).toHaveLength(2)
      })

      it('is kept when many log in at once', async () => {
        const { keeperOf } = setUp({ maxSessionsPerUser: 3 })
        await Promise.all(Array.from({ length: 20 }, async () => keeperOf().begin(jane)))
        expect((await keeperOf().list({ username: 'jane' })).length).toBeLessThanOrEqual(3)
      })
    })

    describe('a use of a session', () => {
      it('is written once, however many requests record it, and by however many replicas', async () => {
        const { clock, store, keeper, keeperOf } = setUp({ idleTimeoutSeconds: 600 })
        const { session } = await keeper.begin(jane)
        clock.advance(60_000)
        let writes = 0
        const counting = hooked(store, (operation) => void (operation === 'update' && writes++))
        const replicas = [keeperOf({ store: counting }), keeperOf({ store: counting })]
        const touches = Array.from({ length: 20 }, async (_, index) => replicas[index % 2]?.touch(session))
        const lines = await Promise.all(touches)
        expect(lines.every((each) => each?.length === 1)).toBe(true)
        expect(writes).toBeLessThanOrEqual(2)
        expect((await keeper.list({}))[0]?.seenAtMs).toBe(clock.now())
      })

      it('changes no content that is being replaced', async () => {
        const { clock, store, keeper, keeperOf } = setUp()
        const { session } = await keeper.begin(jane)
        const one = await loggedIn(keeper, jane)
        clock.advance(400_000)
        let isFirst = true
        const slow = keeperOf({
          store: hooked(store, async (operation) => {
            if (operation !== 'update' || !isFirst) return
            isFirst = false
            await keeper.replace(session, { ...jane, idToken: 'new' })
          }),
        })
        await slow.touch(session)
        const header = `__Host-session=${session.id}`
        expect((await keeper.find(header))?.content.idToken).toBe('new')
        expect((await keeper.find(one.header))?.content.idToken).toBe(jane.idToken)
      })
    })

    it('is not changed after its end, even if that comes between the read and the write of the change', async () => {
      const { clock, store, keeper, keeperOf } = setUp({ idleTimeoutSeconds: 600 })
      const changes: ((session: Session) => Promise<unknown>)[] = []
      const slow = keeperOf({
        store: hooked(store, async (operation) => {
          if (operation === 'update') await keeper.endWhere({ username: 'jane' })
        }),
      })
      changes.push(
        (session) => slow.touch(session),
        (session) => slow.replace(session, jane),
        (session) => slow.refresh(session, async () => jane),
      )
      const results: unknown[] = []
      for (const change of changes) {
        clock.advance(10_000)
        const { session } = await keeper.begin(jane)
        clock.advance(60_000)
        results.push(await change(session))
      }
      expect(results).toEqual([[], undefined, undefined])
    })

    describe('a refresh by two replicas', () => {
      const rotating = (clock: FixedClock) => {
        const used = new Set<string | undefined>()
        return async (content: SessionContent): Promise<SessionContent> => {
          if (used.has(content.refreshToken)) throw new Error('invalid_grant')
          used.add(content.refreshToken)
          await new Promise<void>((resolve) => clock.after(1000, resolve))
          return { ...content, idToken: 'new', refreshToken: `${content.refreshToken}+` }
        }
      }

      it('uses the refresh token once, and both get the new one', async () => {
        const { clock, keeper, keeperOf } = setUp()
        const { session } = await keeper.begin(jane)
        const renew = rotating(clock)
        const replicas = [keeperOf(), keeperOf(), keeperOf()]
        const refreshes = replicas.map(async (each) => each.refresh(session, renew))
        const opened = await inTime(clock, Promise.all(refreshes))
        expect(opened.map((each) => each?.session.content.refreshToken)).toEqual(
          replicas.map(() => `${jane.refreshToken}+`),
        )
        expect((await inTime(clock, keeper.refresh(session, renew)))?.session.version).toBe(1)
      })

      it('is made by the other replica if the first one stops', async () => {
        const { clock, store, keeper, keeperOf } = setUp()
        const { session } = await keeper.begin(jane)
        const stopped = keeperOf().refresh(session, async () => new Promise<never>(() => {}))
        stopped.catch(() => undefined)
        await isRefreshing(store)
        const opened = await inTime(clock, keeper.refresh(session, rotating(clock)))
        expect(opened?.session.content.idToken).toBe('new')
        expect(await recordsIn(store, 'refreshing')).toEqual([])
      })

      it('is tried by the other replica if it fails at the first one', async () => {
        const { clock, keeper, keeperOf } = setUp()
        const { session } = await keeper.begin(jane)
        const failing = async (): Promise<never> => {
          await new Promise<void>((resolve) => clock.after(1000, resolve))
          throw new Error('the provider is away')
        }
        const [failed, opened] = await inTime(
          clock,
          Promise.allSettled([
            keeperOf().refresh(session, failing),
            keeper.refresh(session, rotating(clock)),
          ]),
        )
        expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'the provider is away' } })
        expect(opened).toMatchObject({ status: 'fulfilled', value: { session: { version: 1 } } })
      })

      it('is over when the session ends meanwhile', async () => {
        const { clock, store, keeper, keeperOf } = setUp()
        const { session } = await keeper.begin(jane)
        const refreshed = keeperOf().refresh(session, rotating(clock))
        refreshed.catch(() => undefined)
        await isRefreshing(store)
        await keeper.endWhere({ username: 'jane' })
        expect(await inTime(clock, refreshed)).toBeUndefined()
        expect(await keeper.list({})).toEqual([])
      })
    })

    describe('a logout during a login', () => {
      const selectors = [
        { username: 'jane' },
        { subject: 'sub-jane' },
        { provider: 'example', subject: 'sub-jane' },
        { providerSession: 'sid-jane' },
        { provider: 'example' },
      ]

      /** Runs one before the nth operation of the other. Returns whether there was an nth. */
      const interleaved = (store: SessionStore, nth: number, between: () => Promise<unknown>) => {
        let count = 0
        const interrupted = hooked(store, async () => {
          if (count++ === nth) await between()
        })
        return { store: interrupted, wasReached: () => count > nth }
      }

      it.each(selectors)('leaves no session, whenever it comes: %j', async (selector) => {
        let nth = 0
        for (let isReached = true; isReached; nth++) {
          const { store, keeper, keeperOf } = setUp()
          const during = interleaved(store, nth, async () => keeper.endWhere(selector))
          await keeperOf({ store: during.store })
            .begin(jane)
            .catch(() => undefined)
          isReached = during.wasReached()
          const found = await keeper.list({})
          expect([nth, found.length]).toEqual([nth, isReached ? 0 : 1])
        }
        expect(nth).toBeGreaterThan(8)
      })

      it.each(selectors)(
        'leaves no session if the store is so slow that its mark is gone: %j',
        async (selector) => {
          let nth = 0
          for (let isReached = true; isReached; nth++) {
            const { clock, store, keeper, keeperOf } = setUp()
            const during = interleaved(store, nth, async () => {
              await keeper.endWhere(selector)
              clock.advance(10_000)
            })
            await keeperOf({ store: during.store })
              .begin(jane)
              .catch(() => undefined)
            isReached = during.wasReached()
            expect([nth, (await keeper.list({})).length]).toEqual([nth, isReached ? 0 : 1])
          }
          expect(nth).toBeGreaterThan(8)
        },
      )

      it.each([
        ['seven seconds', 7000, 'begun'],
        ['more', 7001, 'unavailable'],
        ['seven seconds less than nothing, since the clock was set', -7000, 'begun'],
        ['even less', -7001, 'unavailable'],
      ])('accepts a login that has taken up to seven seconds: %s', async (_, tookMs, outcome) => {
        const { clock, store, keeperOf } = setUp()
        const beganMs = clock.now() + 300_000
        let now = beganMs
        const slow = hooked(store, async () => {
          now = beganMs + tookMs
        })
        const keeper = keeperOf({ store: slow, clock: { ...clock, now: () => now } })
        const code = await keeper.begin(jane).then(
          () => 'begun',
          (error: unknown) => (error as { readonly code?: string }).code,
        )
        expect(code).toBe(outcome)
      })

      it.each(selectors)(
        'ends the session, or refuses the login, that comes during it: %j',
        async (selector) => {
          let nth = 0
          for (let isReached = true; isReached; nth++) {
            const { store, keeper, keeperOf } = setUp()
            const during = interleaved(store, nth, async () => keeper.begin(jane).catch(() => undefined))
            await keeperOf({ store: during.store }).endWhere(selector)
            isReached = during.wasReached()
            expect([nth, await keeper.list({})]).toEqual([nth, []])
          }
          expect(nth).toBeGreaterThan(3)
        },
      )

      it.each([{ username: 'jane-doe' }, { providerSession: 'next' }, { username: 'jane' }])(
        'ends a session that is being renamed: %j',
        async (selector) => {
          const renamed = { ...jane, username: 'jane-doe', providerSession: 'next' }
          let nth = 0
          for (let isReached = true; isReached; nth++) {
            const { store, keeper, keeperOf } = setUp()
            const { session } = await keeper.begin(jane)
            let ended: number | undefined = 0
            const during = interleaved(store, nth, async () => {
              ended = await keeper.endWhere(selector)
            })
            await keeperOf({ store: during.store }).replace(session, renamed)
            isReached = during.wasReached()
            if (!isReached) break
            const left = await keeper.list({})
            // The old name may have been given up before.
            if (selector.username === 'jane' && ended === 0) continue
            expect([nth, left]).toEqual([nth, []])
          }
          expect(nth).toBeGreaterThan(5)
        },
      )
    })

    describe('without its store', () => {
      const broken = (error: unknown) => {
        const { store, clock, keeper } = setUp()
        let isBroken = false
        const away = storedSessions({
          store: hooked(store, () => {
            if (isBroken) throw error
          }),
          clock,
        })
        return { clock, keeper, away, breakDown: () => (isBroken = true) }
      }

      it.each([
        ['an error of the store', new StoreError('storeUnavailable', 'secret')],
        ['any error', new Error('secret')],
        ['something else', 'secret'],
      ])('says that it is unavailable, and shows no part of the message: %s', async (_, error) => {
        const { clock, away, breakDown } = broken(error)
        const one = await loggedIn(away, jane)
        const session = await away.find(one.header)
        if (session === undefined) throw new Error('there is no session')
        breakDown()
        clock.advance(400_000)
        const unavailable = { code: 'unavailable', message: 'the store of sessions is not available' }
        await expect(away.find(one.header)).rejects.toMatchObject(unavailable)
        await expect(away.begin(jane)).rejects.toMatchObject(unavailable)
        await expect(away.begin(jane, session)).rejects.toMatchObject(unavailable)
        await expect(away.replace(session, jane)).rejects.toMatchObject(unavailable)
        await expect(away.refresh(session, async () => jane)).rejects.toMatchObject(unavailable)
        await expect(away.touch(session)).rejects.toMatchObject(unavailable)
        await expect(away.end(session)).rejects.toMatchObject(unavailable)
        await expect(away.endWhere({ username: 'jane' })).rejects.toMatchObject(unavailable)
        await expect(away.list({})).rejects.toMatchObject(unavailable)
      })

      it.each([
        ['fails', new Error('secret'), 'the store of sessions is not available'],
        [
          'always has another revision',
          new StoreError('revisionConflict', 'secret'),
          'the session is being changed by too many requests',
        ],
      ])('says so, after a limited number of attempts, if each update %s', async (_, error, message) => {
        const { store, keeper, keeperOf } = setUp()
        const { session } = await keeper.begin(jane)
        let attempts = 0
        const failing = keeperOf({
          store: hooked(store, (operation) => {
            if (operation !== 'update') return
            attempts++
            throw error
          }),
        })
        await expect(failing.replace(session, jane)).rejects.toMatchObject({ code: 'unavailable', message })
        expect(attempts).toBeLessThanOrEqual(10)
      })

      it('asks it nothing for a request without the cookie of a session', async () => {
        const { away, breakDown } = broken(new Error('away'))
        breakDown()
        const id = 'a'.repeat(43)
        for (const value of ['abc', id.slice(1), `${id}a`, `.${id}`, `${id.slice(1)}.`]) {
          expect(await away.find(`__Host-session=${value}`)).toBeUndefined()
        }
        for (const header of [undefined, '', 'a=b']) {
          expect(await away.find(header)).toBeUndefined()
        }
        expect(await away.end(undefined)).toHaveLength(1)
      })

      it('has no session left of a login during which it broke down', async () => {
        for (let nth = 0, isOver = false; !isOver; nth++) {
          const { store, keeper, keeperOf } = setUp()
          let count = 0
          const flaky = keeperOf({
            store: hooked(store, () => {
              if (count++ === nth) throw new Error('away')
            }),
          })
          const begun = await flaky.begin(jane).catch(() => undefined)
          isOver = begun !== undefined
          // What may be left has an id that no browser has.
          expect((await keeper.list({ username: 'jane' })).length).toBeLessThanOrEqual(1)
          if (begun === undefined) expect(await keeper.endWhere({ username: 'jane' })).toBeLessThanOrEqual(1)
          expect(await keeper.list({})).toHaveLength(isOver ? 1 : 0)
        }
      })
    })
  })
}
