import { revocationList } from '@kube-authn/core/revocation'
import { revocations } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { fixedClock, type FixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { fakeValkey, storeOver } from '../../test/fake-valkey.ts'
import { contentOf, keyOf } from '../../test/sessions.ts'
import { cookieSessions } from './cookie-sessions.ts'
import type { Session, SessionKeeper, SessionSelector } from './session-keeper.ts'
import type { SessionStore } from './session-store.ts'
import { storedSessions } from './stored-sessions.ts'

const jane = contentOf('jane')

type OpenStore = (clock: FixedClock) => SessionStore

/** Two replicas with one store. */
function replicas(openStore: OpenStore) {
  const clock = fixedClock()
  const store = openStore(clock)
  return { clock, one: storedSessions({ store, clock }), two: storedSessions({ store, clock }) }
}

async function begun(keeper: SessionKeeper): Promise<Session> {
  return (await keeper.begin(jane)).session
}

const WAYS: readonly (readonly [string, (session: Session) => SessionSelector])[] = [
  ['an admin', ({ digest }) => ({ digest })],
  ['a logout everywhere', () => ({ username: 'jane' })],
  ['a back-channel logout', () => ({ provider: 'example', providerSession: 'sid-jane' })],
  ['a back-channel logout by subject', () => ({ provider: 'example', subject: 'sub-jane' })],
]

const STORES: readonly (readonly [string, OpenStore])[] = [
  ['an object store', (clock) => memoryObjectStore({ clock })],
  ['Valkey', (clock) => storeOver(fakeValkey(clock))],
]

describe.each(STORES)('what a stored session has begun, in %s', (__, openStore) => {
  it.each(WAYS)('ends at once with the session by %s, on the same replica', async (_, selector) => {
    const { one } = replicas(openStore)
    const session = await begun(one)
    const ended = vi.fn()
    one.watch(session, ended)
    await one.endWhere(selector(session))
    expect(ended).toHaveBeenCalledOnce()
  })

  it.each(WAYS)('ends within five seconds by %s on another replica', async (_, selector) => {
    const { clock, one, two } = replicas(openStore)
    const session = await begun(one)
    const ended = vi.fn()
    two.watch(session, ended)
    await clock.advanceAsync(4999)
    await one.endWhere(selector(session))
    expect(ended).not.toHaveBeenCalled()
    await clock.advanceAsync(1)
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce())
  })

  it('ends with a logout, with the login of another user, and with the oldest of too many sessions', async () => {
    const clock = fixedClock()
    const keeper = storedSessions({ store: openStore(clock), clock, maxSessionsPerUser: 1 })
    const ended = vi.fn()
    const first = await begun(keeper)
    keeper.watch(first, ended)
    await keeper.end(first)
    expect(ended).toHaveBeenCalledTimes(1)

    const second = await begun(keeper)
    keeper.watch(second, ended)
    await keeper.begin(contentOf('joe'), second)
    expect(ended).toHaveBeenCalledTimes(2)

    const third = await begun(keeper)
    keeper.watch(third, ended)
    clock.advance(1)
    await begun(keeper)
    expect(ended).toHaveBeenCalledTimes(3)
  })

  it('goes on while the session is used, refreshed, or another one ends', async () => {
    const { clock, one, two } = replicas(openStore)
    const session = await begun(one)
    const [here, there] = [vi.fn(), vi.fn()]
    one.watch(session, here)
    two.watch(session, there)
    const other = await one.begin(contentOf('joe'))
    await one.refresh(session, async (content) => ({ ...content, refreshToken: 'next' }))
    await one.end(other.session)
    await clock.advanceAsync(15_000)
    await one.touch(session)
    expect(here).not.toHaveBeenCalled()
    expect(there).not.toHaveBeenCalled()
    await one.end(session)
    expect(here).toHaveBeenCalledOnce()
    // A question that was under way when the session ended may still find it. Without any answer it would count as ended after 30 seconds.
    let seconds = 0
    await vi.waitFor(async () => {
      if ((seconds += 5) < 30) await clock.advanceAsync(5000)
      expect(there).toHaveBeenCalledOnce()
    })
  })

  it('ends when the session was not used for its idle time', async () => {
    const { clock, one } = replicas(openStore)
    const session = await begun(one)
    clock.advance(3_599_000)
    const ended = vi.fn()
    one.watch(session, ended)
    await clock.advanceAsync(5000)
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce())
  })
})

describe('what a session in cookies has begun', () => {
  const keys = [keyOf(1)]

  it.each(WAYS)('ends at once with the session by %s', async (_, selector) => {
    const clock = fixedClock()
    const keeper = cookieSessions({ keys, clock })
    const session = await begun(keeper)
    const ended = vi.fn()
    keeper.watch(session, ended)
    clock.advance(1)
    await keeper.endWhere(selector(session))
    expect(ended).toHaveBeenCalledOnce()
  })

  it('ends on each replica that follows the list of what has ended', async () => {
    const clock = fixedClock()
    const ended = revocationList({ clock })
    const [one, two] = [cookieSessions({ keys, clock, ended }), cookieSessions({ keys, clock, ended })]
    const session = await begun(one)
    const [here, there, stopped] = [vi.fn(), vi.fn(), vi.fn()]
    one.watch(session, here)
    two.watch(session, there)
    two.watch(session, stopped)()
    await one.end(session)
    expect([here, there, stopped].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0])
  })

  it.each(WAYS)(
    'ends by %s on each replica that follows the revocations of one store',
    async (_, selector) => {
      const clock = fixedClock()
      const store = memoryObjectStore({ clock })
      const replica = async () => {
        const ended = await revocations({ store, clock })
        onTestFinished(() => ended.close())
        return cookieSessions({ keys, clock, ended, revocations: ended })
      }
      const [one, two] = [await replica(), await replica()]
      const session = await begun(one)
      const [here, there] = [vi.fn(), vi.fn()]
      one.watch(session, here)
      two.watch(session, there)
      clock.advance(1)
      await one.endWhere(selector(session))
      expect(here).toHaveBeenCalledOnce()
      await vi.waitFor(() => expect(there).toHaveBeenCalledOnce())
    },
  )

  it('goes on if what knows of the end is a function, which cannot tell', async () => {
    const keeper = cookieSessions({ keys, ended: () => false })
    const ended = vi.fn()
    const stop = keeper.watch(await begun(keeper), ended)
    stop()
    expect(ended).not.toHaveBeenCalled()
  })
})

describe('sessions in sealed cookies with the revocations of a store', () => {
  it('begin and end by the time of the store, whatever the clock of the replica says', async () => {
    const clock = fixedClock()
    const ended = await revocations({ store: memoryObjectStore({ clock }) })
    onTestFinished(() => ended.close())
    const keeper = cookieSessions({ keys: [keyOf(1)], ended })
    const { session, setCookies } = await keeper.begin(jane)
    expect(session.startedAtMs).toBe(clock.now())
    clock.advance(3_599_999)
    expect(await keeper.find(setCookies[0])).toMatchObject({ digest: session.digest })
    clock.advance(1)
    expect(await keeper.find(setCookies[0])).toBeUndefined()
  })

  it.each(WAYS.slice(0, 3))('are ended by %s at the time that the store tells then', async (_, selector) => {
    const clock = fixedClock()
    const set = vi.fn()
    const now = vi.fn(() => Promise.resolve(clock.now() + 600_000))
    const ended = { isRevoked: () => false, set, now, clock }
    const keeper = cookieSessions({ keys: [keyOf(1)], ended })
    await keeper.endWhere(selector(await begun(keeper)))
    const lifetimeMs = 43_200_000 + 10_000
    const expiresAtMs = clock.now() + 600_000 + lifetimeMs
    expect(set).toHaveBeenCalledExactlyOnceWith(expect.any(String), expect.objectContaining({ expiresAtMs }))
    now.mockRejectedValue(new Error('the store is not available'))
    await expect(keeper.endWhere({ username: 'jane' })).rejects.toMatchObject({ code: 'unavailable' })
    expect(set).toHaveBeenCalledTimes(1)
  })

  it('are ended by the clock of the app, if it gives one', async () => {
    const clock = fixedClock()
    const set = vi.fn()
    const ended = { isRevoked: () => false, set, now: () => Promise.resolve(0), clock: fixedClock(0) }
    const keeper = cookieSessions({ keys: [keyOf(1)], ended, clock })
    await keeper.endWhere({ username: 'jane' })
    expect(set).toHaveBeenCalledExactlyOnceWith(
      expect.any(String),
      expect.objectContaining({ issuedBeforeMs: clock.now() }),
    )
  })
})
