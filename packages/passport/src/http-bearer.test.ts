import {
  type AuthenticationEvent,
  ConfigurationError,
  rejected,
  type TokenAuthenticator,
  unavailable,
  type UserInfo,
} from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import {
  always,
  fails,
  fakeTokenAuthenticator,
  fakeUser,
  fixedClock,
  later,
  noOpinion,
} from '@kube-authn/testing'
import express from 'express'
import passport from 'passport'
import { describe, expect, it, vi } from 'vitest'
import { listen } from '../test/apps.ts'
import { httpBearer } from './index.ts'
import type { HttpBearerOptions } from './http-bearer.ts'

const tokens = tokenFile('good,jane,1,"a,b"\ntök,joe,2\n')

/** An app with the routes of an app with passport-http-bearer. */
function appWith(given: TokenAuthenticator, options?: HttpBearerOptions): express.Express {
  const own = new passport.Passport()
  own.use(httpBearer(given, options))
  const app = express()
  app.set('env', 'test')
  app.use(express.json(), express.urlencoded())
  app.all('/', own.authenticate('bearer', { session: false }) as express.RequestHandler, (req, res) => {
    res.json({ user: req.user, authInfo: req.authInfo, headers: req.headers })
  })
  return app
}

const plain = 'Bearer realm="kubernetes-master"'

describe('httpBearer', () => {
  it.each([
    ['at once', tokens],
    [
      'later',
      {
        ...tokens,
        authenticateToken: async (token, context) => tokens.authenticateToken(token, context),
      } satisfies TokenAuthenticator,
    ],
  ])('knows a token %s, and tells everything', async (_, given) => {
    const response = await fetch(await listen(appWith(given)), { headers: { authorization: 'bearer good' } })
    const user = { username: 'jane', groups: ['a', 'b', 'system:authenticated'] }
    const body = await response.text()
    expect(response.status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ user, authInfo: { user } })
    expect(body).not.toContain('good')
  })

  it('compares the bytes that were sent, which Passport’s own strategy does not see', async () => {
    const origin = await listen(appWith(tokens))
    const as = (bytes: Buffer): Promise<number> =>
      fetch(origin, { headers: { authorization: `Bearer ${bytes.toString('latin1')}` } }).then(
        ({ status }) => status,
      )
    expect(await as(Buffer.from('tök'))).toBe(200)
    expect(await as(Buffer.from('tök', 'latin1'))).toBe(401)
  })

  it.each([
    ['no header', undefined, plain],
    ['an empty header', '', plain],
    ['another scheme', 'Basic YTpi', plain],
    ['the scheme alone', 'Bearer', plain],
    ['more than a token', 'Bearer good good', plain],
    ['two spaces', 'Bearer  good', plain],
    ['a wrong token', 'Bearer wrong', `${plain}, error="invalid_token"`],
    ['a token that is too long', `Bearer ${'x'.repeat(9000)}`, `${plain}, error="invalid_token"`],
    ['`__proto__`', 'Bearer __proto__', `${plain}, error="invalid_token"`],
  ])('is 401, and never 400, for %s', async (_, authorization, challenge) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const response = await fetch(await listen(appWith(tokens)), { headers })
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, challenge])
    expect(await response.text()).toBe('Unauthorized')
  })

  it.each([
    ['the query', '?access_token=good', undefined],
    ['a form', '', new URLSearchParams({ access_token: 'good' })],
    ['a body of JSON', '', '{"access_token":"good"}'],
  ])('does not look for a token in %s, nor trip over one', async (_, query, body) => {
    const origin = await listen(appWith(tokens))
    const ask = async (headers: Record<string, string>): Promise<number> => {
      const init = body === undefined ? {} : { method: 'POST', body }
      const type = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
      return (await fetch(`${origin}/${query}`, { ...init, headers: { ...headers, ...type } })).status
    }
    expect(await ask({})).toBe(401)
    expect(await ask({ authorization: 'Bearer good' })).toBe(200)
  })

  it.each([
    ['refused', rejected('secret reason'), `${plain}, error="invalid_token"`],
    ['not checked', unavailable('secret reason'), plain],
  ])('does not say why a token was %s', async (_, error, challenge) => {
    for (const answer of [fails(error), later(fails(error))]) {
      const response = await fetch(await listen(appWith(fakeTokenAuthenticator(answer))), {
        headers: { authorization: 'Bearer t' },
      })
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, challenge])
    }
  })

  it('answers an outage with 503 where that is asked for', async () => {
    const down = fakeTokenAuthenticator(later(fails(unavailable('down'))))
    const app = appWith(down, { unavailableStatus: 503 })
    expect((await fetch(await listen(app), { headers: { authorization: 'Bearer t' } })).status).toBe(503)
  })

  it('hands a fault to the app', async () => {
    const app = appWith(fakeTokenAuthenticator(() => Promise.reject(new TypeError('secret reason'))))
    const seen = vi.fn<(error: unknown) => void>()
    app.use(((error: unknown, _req, res, _next) => {
      seen(error)
      res.status(500).end()
    }) satisfies express.ErrorRequestHandler)
    const response = await fetch(await listen(app), { headers: { authorization: 'Bearer t' } })
    expect(response.status).toBe(500)
    expect(seen).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'unavailable', cause: new TypeError('secret reason') }),
    )
  })

  it('asks once, for the audiences it is told, and tells the observer', async () => {
    const events: AuthenticationEvent[] = []
    const given = fakeTokenAuthenticator(always(fakeUser({ username: 'jane' }), { audiences: ['other'] }), {
      audienceAware: true,
    })
    const app = appWith(given, { audiences: ['api'], observer: (event) => events.push(event) })
    expect((await fetch(await listen(app), { headers: { authorization: 'Bearer t' } })).status).toBe(401)
    expect(given.calls.map(({ token, context }) => [token, context.audiences])).toEqual([['t', ['api']]])
    expect(events.flatMap((event) => (event.type === 'request' ? event.result : []))).toEqual(['error'])
  })

  it('names the realm and the scope in its challenge', async () => {
    const app = appWith(tokens, { realm: 'Users', scope: ['read', 'write'] })
    const response = await fetch(await listen(app))
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="Users", scope="read write"')
  })

  it.each([
    { how: 'by its name', layers: 'bearer' },
    { how: 'as an instance', layers: httpBearer(slow()) },
  ])('never swaps the users of two requests when it is used $how', async ({ layers }) => {
    const own = new passport.Passport()
    own.use(httpBearer(slow()))
    const app = express().use(
      own.authenticate(layers as string, { session: false }) as express.RequestHandler,
      (req, res) => {
        res.json((req.user as UserInfo).username)
      },
    )
    const origin = await listen(app)
    const ask = async (token: string): Promise<unknown> =>
      (await fetch(origin, { headers: { authorization: `Bearer ${token}` } })).json()
    expect(await Promise.all(['40', '5', '20'].map(ask))).toEqual(['40', '5', '20'])
  })

  it('does not wait for ever', async () => {
    const clock = fixedClock()
    const fail = vi.fn<(...args: unknown[]) => void>()
    const never = fakeTokenAuthenticator(() => new Promise<never>(() => undefined))
    const strategy = httpBearer(never, { clock, timeoutSeconds: 3 })
    const req = { headers: { authorization: 'Bearer t' } }
    strategy.authenticate.call({ fail, success: vi.fn(), error: vi.fn() }, req as never)
    await clock.advanceAsync(2999)
    expect(fail).not.toHaveBeenCalled()
    await clock.advanceAsync(1)
    expect(fail.mock.calls).toEqual([[plain, 401]])
  })

  it.each([
    ['no authenticator', undefined, {}, ['tokens']],
    ['one of requests', { name: 'x', authenticate: () => undefined }, {}, ['tokens']],
    [
      'what would break out of the challenge',
      fakeTokenAuthenticator(noOpinion()),
      { realm: 'a", b="c', scope: ['x"'] },
      ['realm', 'scope[0]'],
    ],
    ['a line end', fakeTokenAuthenticator(noOpinion()), { realm: 'a\r\nX: y' }, ['realm']],
    ['no time', fakeTokenAuthenticator(noOpinion()), { timeoutSeconds: -1 }, ['timeoutSeconds']],
    ['no audience', fakeTokenAuthenticator(noOpinion()), { audiences: [] }, ['audiences']],
  ])('refuses %s at construction', (_, given, options, paths) => {
    expect.assertions(1)
    try {
      httpBearer(given as never, options)
    } catch (error) {
      expect(error instanceof ConfigurationError && error.problems.map(({ path }) => path)).toEqual(paths)
    }
  })
})

/** Authenticates every token, after as many milliseconds as the token says. */
function slow(): TokenAuthenticator {
  return fakeTokenAuthenticator(async (token) => {
    await new Promise((resolve) => setTimeout(resolve, Number(token)))
    return { user: fakeUser({ username: token }) }
  })
}
