import { expect, describe, it } from 'vitest'
import { memoryObjectStore } from '@kube-authn/store'
import { expectLinearWork, expectLinearWorkUntil } from '../../../test/growth.ts'
import { fixedClock } from '@kube-authn/testing'
import { withoutCookies } from '../../core/src/request/headers/cookies.ts'
import { contentOf, hooked, keyOf } from '../test/sessions.ts'
import { readCookies } from './cookies.ts'
import { cookieJar } from './sessions/cookie-jar.ts'
import { cookieSessions } from './sessions/cookie-sessions.ts'
import type { SessionKeeper } from './sessions/session-keeper.ts'
import { storedSessions } from './sessions/stored-sessions.ts'
import { transactions } from './transactions.ts'

const ORIGIN = 'https://app.example.com'
const NOW = Date.UTC(2030, 0, 1)
const some = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index))
const attempt = (index: number): string =>
  `__Host-kube-authn-login-${String(index).padStart(22, '0')}=${'x'.repeat(20)}`

/** What a client may send as cookies. */
const COOKIES: readonly (readonly [string, (length: number) => string])[] = [
  ['different names', (length) => some(length, (index) => `n${index}=v`).join('; ')],
  ['one name', (length) => some(length, () => 'n=v').join('; ')],
  ['attempts to log in', (length) => some(length, attempt).join('; ')],
  ['parts of a session', (length) => some(length, (index) => `__Host-session.${index}=v`).join('; ')],
  ['one long session', (length) => `__Host-session=2~${'v'.repeat(length * 10)}`],
  ['separators', (length) => ';'.repeat(length * 10)],
  ['blanks', (length) => `${' '.repeat(length * 5)}=${' \t'.repeat(length * 3)}`],
  ['equals signs', (length) => '='.repeat(length * 10)],
  ['dots', (length) => `__Host-session=${'.'.repeat(length * 10)}`],
]

describe('the work of a request with cookies', () => {
  it.each(COOKIES)('grows with their length when they are read: %s', (_, cookies) => {
    const jar = cookieJar({ cookieName: 'session', allowInsecureHttp: false, maxCookies: 3 })
    expectLinearWork(300, (length) => {
      const header = cookies(length)
      return () => {
        for (let time = 0; time < 10; time++) {
          readCookies(header)
          jar.read(header)
          withoutCookies(header, jar.names)
        }
      }
    })
  })

  it.each(COOKIES)('grows with their length when a login begins and ends: %s', async (_, cookies) => {
    const clock = fixedClock(NOW)
    const keys = [keyOf(1)]
    const sessions = cookieSessions({ keys, clock })
    const attempts = transactions({ keys, origin: ORIGIN, clock, sessions })
    await expectLinearWorkUntil(300, (length) => {
      const header = cookies(length)
      return async () => {
        for (let time = 0; time < 10; time++) {
          await attempts.begin(header, 'example', '/')
          await attempts.finish(header, 'x')
          await sessions.find(header)
        }
      }
    })
  })
})

describe('the sessions of a user', () => {
  const MAX = 5

  /** The operations of a store that a step needs, after a user has logged in so many times. */
  const operationsOf = async (
    logins: number,
    step: (sessions: Required<SessionKeeper>) => Promise<unknown>,
  ): Promise<number> => {
    const clock = fixedClock(NOW)
    let count = 0
    const store = hooked(memoryObjectStore({ clock }), () => {
      count++
    })
    const sessions = storedSessions({ store, clock, maxSessionsPerUser: MAX })
    for (let login = 0; login < logins; login++) await sessions.begin(contentOf('jane'))
    count = 0
    await step(sessions)
    return count
  }

  it.each<[string, (sessions: Required<SessionKeeper>) => Promise<unknown>]>([
    ['one more', (sessions) => sessions.begin(contentOf('jane'))],
    ['one of another user', (sessions) => sessions.begin(contentOf('bob'))],
    ['the end of all of them', (sessions) => sessions.endWhere({ username: 'jane' })],
    [
      'the end of a session of the provider',
      (sessions) => sessions.endWhere({ providerSession: 'sid-jane' }),
    ],
    ['a list of them', (sessions) => sessions.list({ username: 'jane' })],
  ])('cost no more than those that there may be, for %s', async (_, step) => {
    expect(await operationsOf(MAX * 8, step)).toBe(await operationsOf(MAX, step))
  })

  it('are no more after many logins, nor is anything else of them', async () => {
    const clock = fixedClock(NOW)
    const store = memoryObjectStore({ clock })
    const sessions = storedSessions({ store, clock, maxSessionsPerUser: MAX })
    const kept = async (): Promise<number> => (await store.list('/')).objects.length
    for (let login = 0; login < MAX; login++) await sessions.begin(contentOf('jane'))
    const few = await kept()
    for (let login = 0; login < MAX * 8; login++) await sessions.begin(contentOf('jane'))
    expect(await kept()).toBe(few)
  })

  it('do not grow by logouts that anyone may send: what they leave ends in ten seconds', async () => {
    const clock = fixedClock(NOW)
    const store = memoryObjectStore({ clock })
    const sessions = storedSessions({ store, clock })
    const kept = async (): Promise<number> => (await store.list('/')).objects.length
    for (const sid of some(50, (index) => `sid${index}`)) {
      await sessions.endWhere({ provider: 'example', providerSession: sid }, { isProven: false })
    }
    expect(await kept()).toBe(50)
    await clock.advanceAsync(10_001)
    expect(await kept()).toBe(0)
  })
})
