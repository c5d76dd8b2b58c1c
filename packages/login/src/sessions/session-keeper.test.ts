import { fixedClock, type FixedClock } from '@kube-authn/testing'
import { memoryObjectStore } from '@kube-authn/store'
import { describe, expect, it } from 'vitest'
import { browser, contentOf, inTime, keyOf, loggedIn } from '../../test/sessions.ts'
import { fakeValkey, storeOver } from '../../test/fake-valkey.ts'
import { cookieSessions } from './cookie-sessions.ts'
import type { LifetimeOptions } from './lifetimes.ts'
import type { Session, SessionContent, SessionKeeper } from './session-keeper.ts'
import { storedSessions } from './stored-sessions.ts'

const TIMES = { idleTimeoutSeconds: 600, expirationSeconds: 3600 }
const MINUTE = 60_000

const jane = contentOf('jane')
const renewed = { ...jane, idToken: 'new id token', refreshToken: 'refresh-jane-1' }

/** A provider with rotation: it accepts each refresh token once, after some time. */
function provider(clock: FixedClock) {
  const used = new Set<string | undefined>()
  return async (content: SessionContent): Promise<SessionContent> => {
    if (used.has(content.refreshToken)) throw new Error('invalid_grant: the refresh token was used before')
    used.add(content.refreshToken)
    await new Promise<void>((resolve) => clock.after(100, resolve))
    const [, count] = /(\d+)$/.exec(content.refreshToken ?? '') ?? []
    return { ...content, idToken: 'new id token', refreshToken: `refresh-jane-${Number(count) + 1}` }
  }
}

describe.each([
  [
    'in sealed cookies',
    (clock: FixedClock) => {
      const keeper = (options: LifetimeOptions = {}): SessionKeeper =>
        cookieSessions({ keys: [keyOf(1)], clock, ...TIMES, ...options })
      return keeper
    },
  ],
  [
    'in a store',
    (clock: FixedClock) => {
      const store = memoryObjectStore({ clock })
      const keeper = (options: LifetimeOptions = {}): SessionKeeper =>
        storedSessions({ store, clock, ...TIMES, ...options })
      return keeper
    },
  ],
  [
    'in Valkey',
    (clock: FixedClock) => {
      const store = storeOver(fakeValkey(clock))
      const keeper = (options: LifetimeOptions = {}): SessionKeeper =>
        storedSessions({ store, clock, ...TIMES, ...options })
      return keeper
    },
  ],
])('sessions %s', (_, make) => {
  const begun = async () => {
    const clock = fixedClock()
    const keepers = make(clock)
    const keeper = keepers()
    const one = await loggedIn(keeper, jane)
    const session = await keeper.find(one.header)
    if (session === undefined) throw new Error('there is no session')
    return { clock, keepers, keeper, browser: one, session }
  }

  it('are found by their cookie, with all that the login left', async () => {
    const { clock, session } = await begun()
    const nowMs = clock.now()
    expect(session).toEqual({
      id: expect.stringMatching(/^[\w-]{43}$/),
      digest: expect.stringMatching(/^[\da-f]{64}$/),
      content: jane,
      version: 0,
      startedAtMs: nowMs,
      endsAtMs: nowMs + 60 * MINUTE,
      seenAtMs: nowMs,
    })
  })

  it('keep which members of the content are absent', async () => {
    const { keeper } = await begun()
    const { refreshToken: _token, providerSession: _sid, ...least } = jane
    const one = await loggedIn(keeper, least)
    expect((await keeper.find(one.header))?.content).toEqual(least)
  })

  it.each([undefined, null, '', 'a=b', '__Host-session=abc', `__Host-session=${'A'.repeat(43)}`])(
    'are not there for the cookies %j',
    async (header) => {
      const { keeper } = await begun()
      expect(await keeper.find(header)).toBeUndefined()
    },
  )

  it('show no secret in the cookie', async () => {
    const { browser: one } = await begun()
    for (const secret of ['jane', 'refresh', 'sid-', 'example']) {
      expect(one.header).not.toContain(secret)
      expect(one.header).not.toContain(btoa(secret).replaceAll('=', ''))
    }
  })

  it('have a new id for each login, and none that a browser has brought', async () => {
    const { keeper, browser: one, session } = await begun()
    const planted = one.header
    const { session: second, setCookies } = await keeper.begin(contentOf('eve'), session)
    one.take(setCookies)
    expect(second.id).not.toBe(session.id)
    expect((await keeper.find(one.header))?.content.username).toBe('eve')
    expect(await keeper.find(planted)).toBeUndefined()
  })

  it('end at the idle time, and not a millisecond before', async () => {
    const { clock, keeper, browser: one } = await begun()
    clock.advance(10 * MINUTE - 1)
    expect(await keeper.find(one.header)).toBeDefined()
    clock.advance(1)
    expect(await keeper.find(one.header)).toBeUndefined()
  })

  it('last while they are used, and end at the longest life', async () => {
    const { clock, keeper, browser: one, session } = await begun()
    while (clock.now() < session.endsAtMs - 1) {
      clock.advance(Math.min(9 * MINUTE, session.endsAtMs - 1 - clock.now()))
      const found = await keeper.find(one.header)
      expect(found?.content).toEqual(jane)
      if (found !== undefined) one.take(await keeper.touch(found))
    }
    clock.advance(1)
    expect(await keeper.find(one.header)).toBeUndefined()
  })

  it('record a use after a tenth of the idle time, and then not until the next tenth', async () => {
    const { clock, keeper, browser: one, session } = await begun()
    clock.advance(MINUTE - 1)
    expect(await keeper.touch(session)).toEqual([])
    clock.advance(1)
    const lines = await keeper.touch(session)
    expect(lines[0]).toContain('Max-Age=600;')
    one.take(lines)
    const found = await keeper.find(one.header)
    expect(found).toEqual({ ...session, seenAtMs: clock.now() })
    expect(found === undefined ? [''] : await keeper.touch(found)).toEqual([])
  })

  it('are not used once they are over', async () => {
    const { clock, keeper, session } = await begun()
    clock.advance(10 * MINUTE)
    expect(await keeper.touch(session)).toEqual([])
  })

  it('are over for a replica with a shorter life', async () => {
    const { clock, keepers, browser: one } = await begun()
    clock.advance(5 * MINUTE)
    expect(await keepers({ expirationSeconds: 301 }).find(one.header)).toBeDefined()
    expect(await keepers({ expirationSeconds: 300 }).find(one.header)).toBeUndefined()
  })

  it('of a clock that is ahead by no more than it may be are found by other replicas', async () => {
    const { clock, keepers, keeper } = await begun()
    const ahead = (milliseconds: number): SessionKeeper =>
      keepers({ clock: { now: () => clock.now() + milliseconds, after: clock.after } })
    const [allowed, tooFar] = [await loggedIn(ahead(10_000), jane), await loggedIn(ahead(10_001), jane)]
    expect(await keeper.find(allowed.header)).toBeDefined()
    expect(await keeper.find(tooFar.header)).toBeUndefined()
  })

  it('end, and a copy of the cookie is worth nothing afterwards', async () => {
    const { keeper, browser: one, session } = await begun()
    const copy = one.header
    one.take(await keeper.end(session))
    expect(one.header).toBe('')
    expect(await keeper.find(copy)).toBeUndefined()
    expect(await keeper.replace(session, renewed)).toBeUndefined()
    expect(await keeper.refresh(session, async () => renewed)).toBeUndefined()
    one.take(await keeper.end(session))
    expect(one.header).toBe('')
  })

  it('have their cookies removed also if there is no session', async () => {
    const { keeper, session } = await begun()
    const lines = await keeper.end(undefined)
    expect(lines[0]).toBe('__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax')
    expect(lines).toEqual(await keeper.end(session))
  })

  it('do not come back by a use that was being recorded during the logout', async () => {
    const { clock, keeper, browser: one, session } = await begun()
    clock.advance(MINUTE)
    const touched = keeper.touch(session)
    one.take(await keeper.end(session))
    one.take(await touched)
    expect(await keeper.find(one.header)).toBeUndefined()
  })

  it('get new content with the same id and the same end', async () => {
    const { clock, keeper, browser: one, session } = await begun()
    clock.advance(MINUTE)
    const replaced = await keeper.replace(session, renewed)
    one.take(replaced?.setCookies)
    const expected = { ...session, content: renewed, version: 1, seenAtMs: clock.now() }
    expect(replaced?.session).toEqual(expected)
    expect(await keeper.find(one.header)).toEqual(expected)
  })

  it('stay bound to the certificate and to the session of the provider when content is replaced', async () => {
    const { keeper } = await begun()
    const { session } = await keeper.begin({ ...jane, certificate: 'aa' })
    const { providerSession: _sid, ...without } = renewed
    const expected = { ...renewed, certificate: 'aa' }
    expect((await keeper.replace(session, without))?.session.content).toEqual(expected)
    const again = { ...without, certificate: 'bb', providerSession: 'other' }
    expect((await keeper.refresh(session, async () => again))?.session.content.certificate).toBe('aa')
  })

  it.each([
    ['subject', { subject: 'sub-eve' }],
    ['provider', { provider: 'other' }],
  ])('never get the content of another %s', async (_name, other) => {
    const { keeper, browser: one, session } = await begun()
    await expect(keeper.replace(session, { ...renewed, ...other })).rejects.toMatchObject({
      code: 'rejected',
    })
    expect((await keeper.find(one.header))?.content).toEqual(jane)
  })

  it('keep what the faster request wrote, and give it to the slower one', async () => {
    const { keeper, browser: one, session } = await begun()
    const faster = await keeper.replace(session, renewed)
    const slower = await keeper.replace(session, { ...jane, idToken: 'of the slower one' })
    expect(slower?.session.content).toEqual(faster?.session.content)
    one.take(slower?.setCookies)
    expect((await keeper.find(one.header))?.content).toEqual(renewed)
  })

  it('use a refresh token once, however many requests need it', async () => {
    const { clock, keeper, browser: one, session } = await begun()
    const renew = provider(clock)
    const requests = Array.from({ length: 20 }, async () => keeper.refresh(session, renew))
    const opened = await inTime(clock, Promise.all(requests))
    expect(opened.map((each) => each?.session.content.refreshToken)).toEqual(
      opened.map(() => 'refresh-jane-1'),
    )
    one.take(opened.at(-1)?.setCookies)
    expect((await keeper.find(one.header))?.version).toBe(1)
  })

  it('ask the provider once if a refresh fails, however many requests need it', async () => {
    const { clock, keeper, session } = await begun()
    let asked = 0
    const failing = async (): Promise<never> => {
      asked++
      await new Promise<void>((resolve) => clock.after(1000, resolve))
      throw new Error('the provider is away')
    }
    const requests = Array.from({ length: 20 }, async () => keeper.refresh(session, failing))
    const outcomes = await inTime(clock, Promise.allSettled(requests))
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(20)
    expect(asked).toBe(1)
  })

  it('use a new refresh token for a request whose cookie is still the one from before', async () => {
    const { clock, keeper, browser: one, session } = await begun()
    const renew = provider(clock)
    await inTime(clock, keeper.refresh(session, renew))
    const late: Session | undefined = await keeper.find(one.header)
    expect(late?.content.refreshToken).toBe('refresh-jane-1')
    const again = await inTime(clock, keeper.refresh(session, renew))
    expect(again?.session.content.refreshToken).toBe('refresh-jane-1')
  })

  it('stay if the refresh fails, and try again', async () => {
    const { keeper, browser: one, session } = await begun()
    const failing = async (): Promise<never> => {
      throw new Error('the provider is away')
    }
    await expect(keeper.refresh(session, failing)).rejects.toThrow('the provider is away')
    expect(await keeper.find(one.header)).toEqual(session)
    expect((await keeper.refresh(session, async () => renewed))?.session.version).toBe(1)
  })

  it('end everywhere for a user, and no one logs in while that takes effect', async () => {
    const { clock, keeper, browser: one } = await begun()
    const [second, other] = [await loggedIn(keeper, jane), await loggedIn(keeper, contentOf('bob'))]
    await keeper.endWhere({ username: 'jane' })
    expect(await keeper.find(one.header)).toBeUndefined()
    expect(await keeper.find(second.header)).toBeUndefined()
    expect(await keeper.find(other.header)).toBeDefined()
    await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 10 })
    clock.advance(9999)
    await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
    clock.advance(1)
    expect(await keeper.find((await loggedIn(keeper, jane)).header)).toBeDefined()
  })

  it('end with the session of the provider, which never comes back', async () => {
    const { clock, keeper, browser: one } = await begun()
    const next = await loggedIn(keeper, { ...jane, providerSession: 'next' })
    const elsewhere = await loggedIn(keeper, { ...jane, provider: 'other' })
    await keeper.endWhere({ provider: 'example', providerSession: 'sid-jane' })
    expect(await keeper.find(one.header)).toBeUndefined()
    expect(await keeper.find(next.header)).toBeDefined()
    expect(await keeper.find(elsewhere.header)).toBeDefined()
    clock.advance(10_000)
    await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('end with the session of a provider that is not named', async () => {
    const { keeper, browser: one } = await begun()
    await keeper.endWhere({ providerSession: 'sid-jane' })
    expect(await keeper.find(one.header)).toBeUndefined()
  })

  it('end with the subject of a provider, who can log in again', async () => {
    const { clock, keeper, browser: one } = await begun()
    const elsewhere = await loggedIn(keeper, { ...jane, provider: 'other' })
    const bob = await loggedIn(keeper, contentOf('bob'))
    await keeper.endWhere({ provider: 'example', subject: 'sub-jane' })
    expect(await keeper.find(one.header)).toBeUndefined()
    expect(await keeper.find(elsewhere.header)).toBeDefined()
    expect(await keeper.find(bob.header)).toBeDefined()
    await expect(keeper.begin(jane)).rejects.toMatchObject({ code: 'unavailable' })
    clock.advance(10_000)
    expect(await keeper.find((await loggedIn(keeper, jane)).header)).toBeDefined()
  })

  it('end by their digest', async () => {
    const { keeper, browser: one, session } = await begun()
    const second = await loggedIn(keeper, jane)
    await keeper.endWhere({ digest: session.digest })
    expect(await keeper.find(one.header)).toBeUndefined()
    expect(await keeper.find(second.header)).toBeDefined()
  })

  it.each([{}, { username: undefined }, { user: 'jane' }, { username: 7 }, { digest: '' }])(
    'do not end for the selector %j',
    async (selector) => {
      const { keeper, browser: one } = await begun()
      await expect(keeper.endWhere(selector as object)).rejects.toMatchObject({
        code: 'invalidConfiguration',
      })
      expect(await keeper.find(one.header)).toBeDefined()
    },
  )

  it('of two users are not mixed in one browser', async () => {
    const { keeper, browser: one } = await begun()
    const other = await loggedIn(keeper, contentOf('bob'))
    expect(await keeper.find(`${one.header}; ${other.header}`)).toBeUndefined()
    const both = browser()
    both.take((await keeper.begin(jane)).setCookies)
    both.take((await keeper.begin(contentOf('bob'))).setCookies)
    expect((await keeper.find(both.header))?.content.username).toBe('bob')
  })
})
