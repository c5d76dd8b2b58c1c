import { ConfigurationError, type Observer, userInfo } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { authentication, getUser as getUserOfExpress, impersonation } from '@kube-authn/express'
import { always, fakeAuthenticator, recordEvents } from '@kube-authn/testing'
import express from 'express'
import passport from 'passport'
import { describe, expect, it, vi } from 'vitest'
import { actions, called, chain, later, listen, tokens, withAnonymous } from '../test/apps.ts'
import { getUser, httpBearer, Strategy } from './index.ts'
import type { StrategyOptions } from './strategy.ts'

const asking = { authorization: 'Bearer good', 'impersonate-user': 'superman' }

/** The result of a strategy for an impersonation request. */
async function asked(strategy: Pick<Strategy, 'authenticate'>, headers: Record<string, string> = asking) {
  const given = actions()
  const rawHeaders = Object.entries(headers).flat()
  const joined = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  strategy.authenticate.call(given, {
    method: 'GET',
    url: '/',
    headers: joined,
    rawHeaders,
    httpVersionMajor: 1,
  } as never)
  await vi.waitFor(() => expect(Object.keys(called(given) as object)).toHaveLength(1))
  return given
}

describe('a request with Impersonate-* headers, in Passport', () => {
  it.each([
    ['a strategy', new Strategy(chain)],
    ['a strategy that takes its time', new Strategy(later(chain))],
    ['one for anonymous requests, too', new Strategy(withAnonymous)],
    ['one that makes accounts', new Strategy(chain, { user: () => ({ id: 1 }) })],
    ['httpBearer', httpBearer(tokens)],
  ])('is an error with status 403 for %s, so that no other is asked', async (_, strategy) => {
    const { error } = await asked(strategy)
    expect(error.mock.calls[0]?.[0]).toMatchObject({ status: 403, body: { reason: 'Forbidden' } })
  })

  it.each(['impersonate-group', 'impersonate-uid', 'impersonate-extra-a', 'IMPERSONATE-USER'])(
    'is refused for %s',
    async (name) => {
      const { error } = await asked(new Strategy(chain), { authorization: 'Bearer good', [name]: '' })
      expect(error).toHaveBeenCalledWith(expect.objectContaining({ status: 403 }))
    },
  )

  it('is a failure first, where its credential is bad', async () => {
    const { fail } = await asked(new Strategy(chain), { ...asking, authorization: 'Bearer bad' })
    expect(fail).toHaveBeenCalledWith(expect.stringContaining('Bearer'), 401)
  })

  it('lets no other strategy answer, and keeps its headers for any that is asked after all', async () => {
    const joe = new Strategy(fakeAuthenticator(always(userInfo({ username: 'joe' }))), { name: 'joe' })
    const other = vi.fn<() => void>()
    const own = new passport.Passport()
    own.use(new Strategy(chain) as passport.Strategy)
    own.use('other', { authenticate: other } as never)
    const app = express()
    app.use(own.authenticate(['kube-authn', 'other'], { session: false }) as express.RequestHandler)
    app.use(((_error, req, _res, next) => {
      expect(req.headers['impersonate-user']).toBe('superman')
      next()
    }) satisfies express.ErrorRequestHandler)
    app.use(own.authenticate(joe as passport.Strategy, { session: false }) as express.RequestHandler)
    app.use((req, res) => void res.send(getUser(req).username))
    app.set('env', 'test')
    expect((await fetch(await listen(app), { headers: asking })).status).toBe(403)
    expect(other).not.toHaveBeenCalled()
  })

  it('tells an observer', async () => {
    const { observer, ofType }: { observer: Observer; ofType: ReturnType<typeof recordEvents>['ofType'] } =
      recordEvents()
    await asked(new Strategy(chain, { observer }))
    expect(ofType('impersonation')).toMatchObject([{ result: 'denied', requester: { username: 'jane' } }])
  })

  it.each([
    [alwaysAllow(), 200, 'superman'],
    [alwaysDeny(), 403, expect.stringContaining('cannot impersonate')],
  ])(
    'is handed on with the option pass, as to the impersonation middleware of an adapter',
    async (policy, status, body) => {
      const app = express()
      const strategy = new Strategy(chain, { impersonationHeaders: 'pass' }) as passport.Strategy
      app.use(new passport.Passport().authenticate(strategy, { session: false }) as express.RequestHandler)
      app.use(impersonation(policy, { user: getUser }))
      app.use((req, res) => void res.send(getUserOfExpress(req).username))
      const response = await fetch(await listen(app), { headers: asking })
      expect([response.status, await response.text()]).toEqual([status, body])
    },
  )

  it('has no user until another adapter decides, where that authenticates after Passport', async () => {
    const app = express()
    const strategy = new Strategy(chain, { impersonationHeaders: 'pass' }) as passport.Strategy
    app.use(new passport.Passport().authenticate(strategy, { session: false }) as express.RequestHandler)
    app.use(authentication(fakeAuthenticator(always(userInfo({ username: 'joe' })))))
    app.use((req, res) => void res.send(typeof req.user))
    expect((await fetch(await listen(app), { headers: asking })).status).toBe(403)
  })

  it.each(['later', 'refuse', '', true])('takes no other option: %j', (impersonationHeaders) => {
    const options = { impersonationHeaders } as unknown as StrategyOptions
    expect(() => new Strategy(chain, options)).toThrow(ConfigurationError)
    expect(() => httpBearer(tokens, options)).toThrow(ConfigurationError)
  })
})
