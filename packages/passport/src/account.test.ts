import {
  type Authentication,
  type AuthenticationEvent,
  ConfigurationError,
  rejected,
  unavailable,
  type UserInfo,
} from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import express from 'express'
import passport from 'passport'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { actions, appWith, bearer, called, chain, later, listen, password, tokens } from '../test/apps.ts'
import { getUser, httpBearer, Strategy } from './index.ts'
import type { FindAccount } from './decide.ts'

const accounts = new Map([['jane', { id: 7, name: 'Jane' }]])
const findAccount: FindAccount = ({ username }) => accounts.get(username)

const makers = [
  { what: 'Strategy', make: (user: FindAccount) => new Strategy(chain, { user }) },
  { what: 'a Strategy that waits', make: (user: FindAccount) => new Strategy(later(chain), { user }) },
  { what: 'httpBearer', make: (user: FindAccount) => httpBearer(tokens, { user }) },
]

describe.each(makers)('user, of $what', ({ make }) => {
  it.each([
    ['at once', findAccount],
    ['later', async (...given: Parameters<FindAccount>) => findAccount(...given)],
  ])('says %s what req.user is, from everything that is known', async (_, user) => {
    const seen = vi.fn<FindAccount>(user)
    const response = await fetch(await listen(appWith([make(seen)])), bearer('good'))
    expect(await response.json()).toMatchObject({
      user: { id: 7, name: 'Jane' },
      authInfo: { user: { username: 'jane', groups: ['a', 'b', 'system:authenticated'] } },
    })
    const [[given, authentication] = []] = seen.mock.calls
    expect(given).toMatchObject({ username: 'jane', uid: '1' })
    expect(authentication?.user).toBe(given)
  })

  it('leaves getUser() the user of the chain', async () => {
    const app = express()
    app.use(passport.authenticate(make(findAccount), { session: false }) as express.RequestHandler)
    app.get('/', (req, res) => res.json(getUser(req)))
    expect(await (await fetch(await listen(app), bearer('good'))).json()).toMatchObject({ username: 'jane' })
  })

  it.each([
    ['returns undefined', () => undefined],
    ['resolves to null', () => Promise.resolve(null)],
    ['says no', () => false as const],
    ['refuses', () => Promise.reject(rejected('secret reason'))],
  ])('refuses a user without an account, with the challenge of a bad credential: it %s', async (_, user) => {
    const response = await fetch(await listen(appWith([make(user)])), bearer('good'))
    expect([response.status, await response.text()]).toEqual([401, 'Unauthorized'])
    expect(response.headers.get('www-authenticate')).toMatch(
      /Bearer realm="kubernetes-master", error="invalid_token"$/,
    )
  })

  it('that refuses leaves the credential to the next strategy, and only that', async () => {
    const next = {
      authenticate(this: { success(user: object): void }) {
        this.success({ id: 'next' })
      },
    } as passport.Strategy
    const app = appWith([make(() => undefined), next])
    const headers = { authorization: 'Bearer good', 'x-remote-user': 'root' }
    const body = (await (await fetch(await listen(app), { headers })).json()) as { readonly headers: object }
    expect(body).toMatchObject({ user: { id: 'next' }, headers: { authorization: 'Bearer good' } })
    expect(body.headers).not.toHaveProperty('x-remote-user')
  })

  const thrower = (thrown: Error) => () => {
    throw thrown
  }

  it.each([
    ['an outage is not told from a refusal', thrower(unavailable('secret reason')), 401],
    ['what it throws is a fault', thrower(new TypeError('secret reason')), 500],
    ['a text is a fault', () => 'secret reason' as never, 500],
    ['an empty text is a fault', () => '' as never, 500],
  ])('may fail: %s', async (_, user, status) => {
    const response = await fetch(await listen(appWith([make(user)])), bearer('good'))
    expect(response.status).toBe(status)
    expect(await response.text()).not.toContain('secret reason')
  })

  it('may be too busy, which is a 503 that says when to try again', async () => {
    const busy = thrower(unavailable('secret reason', { retryAfterSeconds: 2 }))
    const response = await fetch(await listen(appWith([make(busy)])), bearer('good'))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(response.headers.get('www-authenticate')).toBeNull()
    expect(await response.text()).not.toContain('secret reason')
  })

  it('is not asked about who is refused', async () => {
    const seen = vi.fn<FindAccount>(findAccount)
    const origin = await listen(appWith([make(seen)]))
    for (const init of [{}, bearer('wrong'), password('joe', 'wrong')]) {
      expect((await fetch(origin, init)).status).toBe(401)
    }
    expect(seen).not.toHaveBeenCalled()
  })
})

describe('user', () => {
  const fake = (headers: object): never => ({ headers, method: 'GET', url: '/' }) as never

  it('is not asked about a token that is good elsewhere only', () => {
    const elsewhere = {
      name: 'elsewhere',
      authenticate: (): Authentication => ({
        user: { username: 'jane', uid: '', groups: [], extra: {} },
        audiences: ['elsewhere'],
      }),
    }
    const given = actions()
    const seen = vi.fn<FindAccount>(findAccount)
    new Strategy(elsewhere, { audiences: ['here'], user: seen }).authenticate.call(given, fake({}))
    expect(called(given)).toEqual({ fail: [[undefined, 401]] })
    expect(seen).not.toHaveBeenCalled()
  })

  it('has as much time as an authenticator', async () => {
    const clock = fixedClock()
    const given = actions()
    const never = (): Promise<never> => new Promise(() => undefined)
    const strategy = new Strategy(chain, { user: never, clock, timeoutSeconds: 5, unavailableStatus: 503 })
    strategy.authenticate.call(given, fake({ authorization: 'Bearer good' }))
    await clock.advanceAsync(4999)
    expect(called(given)).toEqual({})
    await clock.advanceAsync(1)
    expect(called(given)).toEqual({ fail: [[undefined, 503]] })
    expect(clock.pending).toBe(0)
  })

  it('is in one trace, whether there is an account or not', async () => {
    for (const user of [findAccount, () => undefined]) {
      const told: string[] = []
      const strategy = new Strategy(chain, {
        user,
        tracing: () => ({ observer: ({ type }) => void told.push(type), run: (work) => work() }),
      })
      await fetch(await listen(appWith([strategy])), bearer('good'))
      expect(told.filter((type) => type === 'request')).toEqual(['request'])
    }
  })

  it('is told of once: an observer hears of one request', async () => {
    const events: AuthenticationEvent[] = []
    const strategy = new Strategy(chain, { user: () => undefined, observer: (event) => events.push(event) })
    const origin = await listen(appWith([strategy]))
    await fetch(origin, bearer('good'))
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: 'response', status: 401 }))
    expect(events.filter(({ type }) => type === 'request')).toHaveLength(1)
  })

  const verify = (_user: unknown, done: (error: unknown, user?: unknown) => void): void => done(null, false)
  it.each([
    ['a text in its place', () => new Strategy(chain, { user: 'name' as never }), ['user']],
    ['a function to verify users', () => new Strategy(chain, verify as never), ['options']],
    ['one in httpBearer', () => httpBearer(tokens, verify as never), ['options']],
    [
      'a text that would mean the opposite',
      () => new Strategy(chain, { anonymous: 'false' as never }),
      ['anonymous'],
    ],
  ])('is a function and an option: %s is refused at construction', (_, make, paths) => {
    expect.assertions(1)
    try {
      expect(make()).toBeUndefined()
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map(({ path }) => path)).toEqual(paths)
    }
  })

  it('is typed without a cast', () => {
    const strategy = new Strategy(chain, {
      user: (user, authentication) => {
        expectTypeOf(user).toEqualTypeOf<UserInfo>()
        expectTypeOf(authentication).toEqualTypeOf<Authentication>()
        return accounts.get(user.username)
      },
    })
    expect(new passport.Passport().use(strategy)).toBeDefined()
  })
})
