import {
  type Authentication,
  type AuthenticationEvent,
  type Authenticator,
  authenticatorChain,
  ConfigurationError,
  unavailable,
  type UserInfo,
  userInfo,
} from '@kube-authn/core'
import { fakeAuthenticator, fixedClock } from '@kube-authn/testing'
import express from 'express'
import passport from 'passport'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  listen,
  tokens,
  chain,
  later,
  fails,
  appWith,
  bearer,
  password,
  actions,
  called,
} from '../test/apps.ts'
import { getAuthentication, getUser, Strategy, type StrategyActions } from './index.ts'
import type { StrategyOptions } from './strategy.ts'

describe.each([
  { how: 'by its name', layers: ['kube-authn'], isRegistered: true },
  { how: 'as an instance', layers: undefined, isRegistered: false },
])('Strategy, used $how', ({ layers, isRegistered }) => {
  const appOf = (authenticator: Authenticator, options?: StrategyOptions): express.Express => {
    const strategy = new Strategy(authenticator, options)
    return isRegistered ? appWith(layers ?? [], [strategy]) : appWith([strategy])
  }

  it.each([
    { when: 'at once', authenticator: chain },
    { when: 'later', authenticator: later(chain) },
  ])('lets an authenticated user pass $when, with the whole authentication', async ({ authenticator }) => {
    const response = await fetch(await listen(appOf(authenticator)), bearer('good'))
    expect(response.status).toBe(200)
    const user = { username: 'jane', uid: '1', groups: ['a', 'b', 'system:authenticated'], extra: {} }
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({
      user,
      authInfo: { user, consumed: { remove: ['authorization'] } },
    })
    expect(body).not.toContain('good')
  })

  it.each([
    { what: 'no credential', init: {} },
    { what: 'a wrong token', init: bearer('wrong') },
    { what: 'a wrong password', init: password('joe', 'wrong') },
    { what: 'a token that is too long', init: bearer('x'.repeat(10_000)) },
    { what: 'an odd header', init: { headers: { authorization: 'a b c d' } } },
    { what: 'a header without a scheme', init: { headers: { authorization: 'Bearer' } } },
    { what: 'a header of nothing', init: { headers: { authorization: '' } } },
    { what: 'a proxy that is none', init: { headers: { 'x-remote-user': 'root' } } },
  ])('answers 401 with every challenge for $what', async ({ init }) => {
    for (const authenticator of [chain, later(chain)]) {
      const response = await fetch(await listen(appOf(authenticator)), init)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(
        /^Basic realm="kubernetes-master", Bearer realm="kubernetes-master"(, error="invalid_token")?$/,
      )
      expect(await response.text()).toBe('Unauthorized')
    }
  })

  it.each(['now', 'later'] as const)('answers 401 when a check could not be made, %s', async (when) => {
    const app = appOf(fails(unavailable('secret reason'), when))
    const response = await fetch(await listen(app), bearer('good'))
    expect([response.status, await response.text()]).toEqual([401, 'Unauthorized'])
  })

  it('answers 503 for that where it is asked for', async () => {
    const app = appOf(fails(unavailable('down'), 'later'), { unavailableStatus: 503 })
    const response = await fetch(await listen(app), bearer('good'))
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([503, null])
  })

  it.each(['now', 'later'] as const)(
    'hands a fault to the app that happens %s, also deep in a chain',
    async (when) => {
      const faulty = fails(new TypeError('secret reason'), when)
      const deep = authenticatorChain({
        tokens: [tokens, { name: 'faulty', authenticateToken: faulty.authenticate as never }],
      })
      for (const authenticator of [faulty, deep]) {
        const response = await fetch(await listen(appOf(authenticator)), bearer('other'))
        expect(response.status).toBe(500)
        expect(await response.text()).toContain('authentication failed unexpectedly')
      }
    },
  )

  it.each([
    { names: ['slow', 'fast'], waits: [30, 5] },
    { names: ['fast', 'slow'], waits: [5, 30] },
  ])('never swaps the users of two requests: $names', async ({ names }) => {
    const byName: Authenticator = {
      name: 'byName',
      authenticate: async (request) => {
        const username = request.headers.first('x-name') ?? ''
        await new Promise((resolve) => setTimeout(resolve, username === 'slow' ? 30 : 5))
        return { user: userInfo({ username }) }
      },
    }
    const origin = await listen(appOf(byName))
    const seen = await Promise.all(
      names.map(async (name) => {
        const response = await fetch(origin, { headers: { 'x-name': name } })
        return ((await response.json()) as { user: UserInfo }).user.username
      }),
    )
    expect(seen).toEqual(names)
  })

  it('never takes a failure for the success of another request', async () => {
    const slowChain: Authenticator = {
      ...chain,
      authenticate: async (request, context) => {
        const isBad = request.headers.first('authorization') === 'Bearer wrong'
        await new Promise((resolve) => setTimeout(resolve, isBad ? 30 : 5))
        return chain.authenticate(request, context)
      },
    }
    const origin = await listen(appOf(slowChain))
    const responses = await Promise.all([bearer('wrong'), bearer('good')].map((init) => fetch(origin, init)))
    expect(responses.map(({ status }) => status)).toEqual([401, 200])
  })

  it('shows the app no identity header, whether or not it lets the request pass', async () => {
    const headers = {
      'x-remote-user': 'root',
      'X-Remote-Extra-Scopes': 'all',
      x_remote_group: 'system:masters',
      'x-kept': 'yes',
    }
    const known = { authorization: 'Bearer good', ...headers }
    const text = await (await fetch(await listen(appOf(chain)), { headers: known })).text()
    expect(text.toLowerCase()).not.toMatch(/x.remote|bearer/)
    expect(text).toContain('x-kept')

    const last: passport.Strategy & StrategyActions = {
      name: 'last',
      authenticate(this: StrategyActions) {
        this.success({ id: 'somebody' })
      },
    } as never
    const app = appWith([new Strategy(chain), last])
    const unknown = await (
      await fetch(await listen(app), { headers: { authorization: 'Basic eA==', ...headers } })
    ).text()
    expect(unknown.toLowerCase()).not.toMatch(/x.remote/)
    expect(unknown).toContain('Basic eA==')
  })
})

describe('Strategy in a custom callback', () => {
  it.each([
    { what: 'the user', init: bearer('good'), expected: [null, 'jane', 'jane', null] },
    {
      what: 'a failure',
      init: bearer('wrong'),
      expected: [null, false, expect.stringContaining('invalid_token'), 401],
    },
  ])('tells $what', async ({ init, expected }) => {
    const app = express()
    app.get('/', (req, res, next) => {
      const callback: passport.AuthenticateCallback = (error, user, info, status) => {
        const { username } = (user === null || user === false ? {} : user) as Partial<UserInfo>
        const known = typeof info === 'object' ? (info as Authentication).user.username : info
        res.json([error, username ?? user, known, status])
      }
      void (
        passport.authenticate(new Strategy(chain), { session: false }, callback) as express.RequestHandler
      )(req, res, next)
    })
    const answer = (await (await fetch(await listen(app), init)).json()) as unknown[]
    expect(answer).toEqual(expected)
  })
})

describe('Strategy without Passport', () => {
  const fake = (headers: object): never => ({ headers, method: 'GET', url: '/' }) as never

  it('knows a user in whatever has headers', () => {
    const given = actions()
    new Strategy(chain).authenticate.call(given, fake({ authorization: 'Bearer good' }))
    expect(called(given)).toEqual({
      success: [
        [
          expect.objectContaining({ username: 'jane' }),
          expect.objectContaining({ consumed: expect.anything() }),
        ],
      ],
    })
  })

  it('calls back once, whatever the app does then', async () => {
    const given = actions()
    given.success.mockImplementation(() => {
      throw new Error('in the app')
    })
    const strategy = new Strategy(later(chain))
    strategy.authenticate.call(given, fake({ authorization: 'Bearer good' }))
    await vi.waitFor(() => expect(given.error).toHaveBeenCalledTimes(1))
    expect(given.error.mock.calls[0]).toEqual([new Error('in the app')])
    expect(given.success).toHaveBeenCalledTimes(1)
  })

  it('tells of what is no request', () => {
    const given = actions()
    new Strategy(chain).authenticate.call(given, {} as never)
    expect(called(given)).toEqual({ error: [[expect.any(TypeError)]] })
  })

  it.each([
    ['an authenticator that never answers', () => new Promise<never>(() => undefined)],
    // oxlint-disable-next-line unicorn/no-thenable
    ['one whose promise is no real one', () => ({ then: () => undefined }) as never],
  ])('does not wait for %s', async (_, authenticate) => {
    const clock = fixedClock()
    const given = actions()
    new Strategy(fakeAuthenticator(authenticate), { clock }).authenticate.call(given, fake({}))
    await clock.advanceAsync(29_999)
    expect(called(given)).toEqual({})
    await clock.advanceAsync(1)
    expect(called(given)).toEqual({ fail: [[undefined, 401]] })
  })

  it('leaves no timer behind', async () => {
    const clock = fixedClock()
    const given = actions()
    const strategy = new Strategy(later(chain), { clock, timeoutSeconds: 5 })
    strategy.authenticate.call(given, fake({ authorization: 'Bearer good' }))
    expect(clock.pending).toBe(1)
    await clock.advanceAsync(0)
    expect(given.success).toHaveBeenCalledTimes(1)
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['no authenticator', undefined, {}, ['authenticator']],
    ['a token authenticator', tokens, {}, ['authenticator']],
    [
      'everything',
      undefined,
      { timeoutSeconds: 0, audiences: [], unavailableStatus: 500 },
      ['authenticator', 'audiences', 'unavailableStatus', 'timeoutSeconds'],
    ],
    ['a time that is none', chain, { timeoutSeconds: Number.NaN }, ['timeoutSeconds']],
    ['no end', chain, { timeoutSeconds: Number.POSITIVE_INFINITY }, ['timeoutSeconds']],
    ['a text', chain, { timeoutSeconds: '5' }, ['timeoutSeconds']],
  ])('refuses %s at construction', (_, authenticator, options, paths) => {
    expect.assertions(1)
    try {
      expect(new Strategy(authenticator as never, options as never)).toBeUndefined()
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map(({ path }) => path)).toEqual(paths)
    }
  })

  it('has the name it is given, and can be derived from as Passport does it', () => {
    const strategy = new Strategy(chain, { name: 'chain' })
    expect([strategy.name, new Strategy(chain).name]).toEqual(['chain', 'kube-authn'])
    const given = Object.assign(Object.create(strategy) as Strategy, actions())
    given.authenticate(fake({ authorization: 'Bearer good' }))
    expect(given.success).toHaveBeenCalledTimes(1)
  })
})

describe('what comes with an answer', () => {
  it('tells the observer of every answer, and of its status', async () => {
    const events: AuthenticationEvent[] = []
    const app = appWith([new Strategy(chain, { observer: (event) => events.push(event) })])
    const origin = await listen(app)
    await fetch(origin, bearer('good'))
    await fetch(origin, bearer('wrong'))
    await vi.waitFor(() =>
      expect(events.flatMap((event) => (event.type === 'response' ? event.status : []))).toEqual([200, 401]),
    )
    expect(events.flatMap((event) => (event.type === 'request' ? event.result : []))).toEqual([
      'success',
      'error',
    ])
  })

  it('sends warnings, for a success and a failure', async () => {
    const warns: Authenticator = {
      name: 'warns',
      authenticate(request, context) {
        context.warn?.('renew it')
        return chain.authenticate(request, context)
      },
    }
    const origin = await listen(appWith([new Strategy(warns)]))
    for (const init of [bearer('good'), bearer('wrong')]) {
      expect((await fetch(origin, init)).headers.get('warning')).toBe('299 - "renew it"')
    }
  })

  it('sees the whole path below a mount point', async () => {
    const authenticator = authenticatorChain({
      tokens: [tokens],
      anonymous: { enabled: true, conditions: [{ path: '/api/healthz' }] },
    })
    const app = express().use('/api', appWith([new Strategy(authenticator)]))
    const origin = await listen(app)
    expect((await fetch(`${origin}/api/healthz`)).status).toBe(404)
    expect((await fetch(`${origin}/api/other`)).status).toBe(401)
  })

  it('types the user without a cast', async () => {
    const app = express()
    app.use(passport.authenticate(new Strategy(chain), { session: false }) as express.RequestHandler)
    app.get('/', (req, res) => {
      expectTypeOf(getUser(req)).toEqualTypeOf<UserInfo>()
      res.json([
        getUser(req).username,
        getAuthentication(req).user === req.user,
        getAuthentication(req) === req.authInfo,
      ])
    })
    expect(await (await fetch(await listen(app), bearer('good'))).json()).toEqual(['jane', true, true])
    expect(() => getUser({ headers: {} })).toThrow('no strategy')
  })

  it('is taken by Passport as a strategy, without a cast', () => {
    const own = new passport.Passport()
    expect(() => own.use(new Strategy(chain)).use('bearer', new Strategy(chain))).not.toThrow()
  })
})

describe('a client that goes away', () => {
  it('ends the signal of the authenticator', async () => {
    const abort = new AbortController()
    const aborted = new Promise<void>((resolve) => {
      const slow: Authenticator = {
        name: 'slow',
        async authenticate(_, { signal }) {
          signal?.addEventListener('abort', () => resolve())
          abort.abort()
          await new Promise(() => {})
        },
      }
      void listen(appWith([new Strategy(slow)]))
        .then((origin) => fetch(origin, { signal: abort.signal }))
        .catch(() => {})
    })
    await expect(aborted).resolves.toBeUndefined()
  })
})
