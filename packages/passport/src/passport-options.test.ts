import { createRequire } from 'node:module'
import { connect } from 'node:net'
import type { Authenticator } from '@kube-authn/core'
import express from 'express'
import passport from 'passport'
import { describe, expect, it, vi } from 'vitest'
import { bearer, chain, later, listen } from '../test/apps.ts'
import { getUser, Strategy } from './index.ts'

const versions = [
  { version: 5, make: () => express() },
  { version: 4, make: createRequire(import.meta.url)('express4') as typeof express },
]
const authenticators = [
  { when: 'at once', authenticator: chain },
  { when: 'later', authenticator: later(chain) },
]
const cases = versions.flatMap((version) => authenticators.map((each) => ({ ...version, ...each })))

describe.each(cases)(
  'Express $version, and an authenticator that answers $when',
  ({ make, authenticator }) => {
    const challenge =
      'Basic realm="kubernetes-master", Bearer realm="kubernetes-master", error="invalid_token"'

    function appWith(options: passport.AuthenticateOptions, given: Authenticator = authenticator) {
      const own = new passport.Passport()
      own.use(new Strategy(given))
      const app = make()
      app.set('env', 'test')
      app.use(own.authenticate('kube-authn', options) as express.RequestHandler)
      app.use(express.json())
      app.all('/', (req, res) => {
        const { user, authInfo, account } = req as typeof req & { readonly account?: Express.User }
        const known = getUser(req)
        res.json({
          user: user === known,
          account: account === known,
          info: authInfo !== undefined,
          ...req.body,
        })
      })
      return app
    }

    it.each([
      ['session: false', { session: false }, { user: true, account: false, info: true }],
      ['assignProperty', { assignProperty: 'account' }, { user: false, account: true, info: true }],
      ['authInfo: false', { session: false, authInfo: false }, { user: true, account: false, info: false }],
    ] as const)('has the user where %s says', async (_, options, expected) => {
      const response = await fetch(await listen(appWith(options)), bearer('good'))
      expect([response.status, await response.json()]).toEqual([200, expected])
    })

    it('leaves the body to the next reader', async () => {
      const body = JSON.stringify({ text: 'x'.repeat(90_000), access_token: 'wrong' })
      const headers = { authorization: 'Bearer good', 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body }
      const response = await fetch(await listen(appWith({ session: false })), init)
      expect(await response.json()).toMatchObject({ user: true, text: 'x'.repeat(90_000) })
    })

    it('keeps status and challenges with failWithError', async () => {
      const app = appWith({ session: false, failWithError: true })
      const seen = vi.fn<(error: unknown) => void>()
      app.use(((error, _req, _res, next) => {
        seen(error)
        next(error)
      }) satisfies express.ErrorRequestHandler)
      const response = await fetch(await listen(app), bearer('wrong'))
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, challenge])
      expect(seen.mock.calls).toEqual([[expect.objectContaining({ status: 401, message: 'Unauthorized' })]])
    })

    it('redirects unauthenticated users, if the app configures it, without more', async () => {
      const app = appWith({ session: false, failureRedirect: '/login' })
      const response = await fetch(await listen(app), { ...bearer('wrong'), redirect: 'manual' })
      expect([response.status, response.headers.get('location')]).toEqual([302, '/login'])
    })

    it('lets no request pass, and responds, when session: false is forgotten', async () => {
      const origin = await listen(appWith({}))
      const response = await fetch(origin, bearer('good'))
      expect([response.status, await response.text()]).toEqual([
        500,
        expect.stringContaining('session support'),
      ])
      expect((await fetch(origin, bearer('wrong'))).status).toBe(401)
    })

    it('hands what a callback of the app throws to the app', async () => {
      const app = make()
      app.set('env', 'test')
      app.get('/', (req, res, next) => {
        const callback: passport.AuthenticateCallback = (error, user) => {
          if (error !== null) next(error)
          else res.json((user as Express.User & { readonly groups: readonly string[] }).groups.length)
        }
        const authenticate: unknown = passport.authenticate(new Strategy(authenticator), {}, callback)
        ;(authenticate as express.RequestHandler)(req, res, next)
      })
      const origin = await listen(app)
      expect((await fetch(origin, bearer('good'))).status).toBe(200)
      expect((await fetch(origin, bearer('wrong'))).status).toBe(500)
    })
  },
)

describe.each(versions)('Express $version, and an authenticator that is asked too late', ({ make }) => {
  it.each(['good', 'wrong'])('changes nothing of an answer that was sent, with a %s token', async (token) => {
    let answer: (() => void) | undefined
    const asked = new Promise<void>((resolve) => (answer = resolve))
    const warns: Authenticator = {
      ...chain,
      authenticate: async (request, context) => {
        context.warn?.('renew it')
        await asked
        return chain.authenticate(request, context)
      },
    }
    const app = make()
    app.use((_req, res, next) => {
      res.status(503).send('timeout')
      next()
    })
    app.use(passport.authenticate(new Strategy(warns), { session: false }) as express.RequestHandler)
    const done = new Promise<unknown>((resolve) => {
      app.use((_req, _res, next) => next(new Error('it passed')))
      app.use(((error: unknown, _req, _res, _next) => resolve(error)) satisfies express.ErrorRequestHandler)
    })
    const response = await fetch(await listen(app), bearer(token))
    expect([response.status, await response.text()]).toEqual([503, 'timeout'])
    answer?.()
    expect(await done).toMatchObject({ code: 'ERR_HTTP_HEADERS_SENT' })
  })

  it('does nothing to a client that is gone', async () => {
    let answer: (() => void) | undefined
    const asked = new Promise<void>((resolve) => (answer = resolve))
    const passed = vi.fn<() => void>()
    const waits: Authenticator = {
      ...chain,
      authenticate: async (request, context) => {
        await asked
        return chain.authenticate(request, context)
      },
    }
    const app = make()
    const gone = new Promise<void>((resolve) => {
      app.use((_req, res, next) => {
        res.once('close', resolve)
        next()
      })
    })
    app.use(passport.authenticate(new Strategy(waits), { session: false }) as express.RequestHandler)
    app.use((_req, res) => {
      passed()
      res.send('ok')
    })
    const origin = await listen(app)
    for (const token of ['good', 'wrong']) {
      const socket = connect(Number(new URL(origin).port), '127.0.0.1')
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`, () =>
        setTimeout(() => socket.destroy(), 20),
      )
    }
    await gone
    answer?.()
    await vi.waitFor(() => expect(passed).toHaveBeenCalledTimes(1))
    expect((await fetch(origin, bearer('good'))).status).toBe(200)
  })
})
