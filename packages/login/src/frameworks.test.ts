import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { authenticatorChain } from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { authentication as onExpress, getUser as userOfExpress, requireUser } from '@kube-authn/express'
import { authentication as onKoa, getUser as userOfKoa } from '@kube-authn/koa'
import * as forExpress from '@kube-authn/login/express'
import * as forHono from '@kube-authn/login/hono'
import * as forKoa from '@kube-authn/login/koa'
import express, { type ErrorRequestHandler } from 'express'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { browserOf, locationOf } from '../test/browser.ts'
import { logIn } from '../test/log-in.ts'
import { type LoginApp, loginApp, ORIGIN } from '../test/login-app.ts'
import { onNode } from '../test/on-node.ts'

const CACHED = 'public, max-age=3600'

function expressApp({ login }: LoginApp): RequestListener {
  const chain = authenticatorChain({ requests: [login.authenticator] })
  const app = express()
  app.use(express.urlencoded())
  app.use(forExpress.loginRoutes(login))
  app.use('/optional', onExpress(chain, { optional: true, log: false }))
  app.use('/optional', requireUser({ onFailure: forExpress.requireLogin(login) }), (_req, res) => {
    res.end()
  })
  app.use(onExpress(chain, { onFailure: forExpress.requireLogin(login), log: false }))
  app.use((req, res) => {
    if (req.path === '/throws') throw new Error('failed')
    // In place of those that are there.
    res.setHeader('Set-Cookie', 'own=1')
    if (req.path === '/cached') res.setHeader('Cache-Control', CACHED)
    res.json({ user: userOfExpress(req), cookie: req.headers.cookie ?? null, raw: req.rawHeaders.join() })
  })
  const onError: ErrorRequestHandler = (_error, _req, res, _next) => void res.status(500).end()
  app.use(onError)
  return app
}

function koaApp({ login }: LoginApp): RequestListener {
  const chain = authenticatorChain({ requests: [login.authenticator] })
  const app = new Koa()
  app.silent = true
  app
    .use(forKoa.loginRoutes(login))
    .use(onKoa(chain, { onFailure: forKoa.requireLogin(login), log: false }))
    .use((ctx) => {
      if (ctx.path === '/throws') throw new Error('failed')
      ctx.append('Set-Cookie', 'own=1')
      if (ctx.path === '/cached') ctx.set('Cache-Control', CACHED)
      ctx.body = { user: userOfKoa(ctx), cookie: ctx.headers.cookie ?? null, raw: ctx.req.rawHeaders.join() }
    })
  const handle = app.callback()
  return (req, res) => void handle(req, res)
}

describe.each<readonly [framework: string, listenerOf: (given: LoginApp) => RequestListener]>([
  ['Express', expressApp],
  ['Koa', koaApp],
  ['Hono on Node', ({ app }) => getRequestListener(app.fetch)],
])('a login in %s', (framework, listenerOf) => {
  async function setUp() {
    const given = await loginApp()
    const browser = browserOf(await onNode(listenerOf(given)), ORIGIN)
    return { ...given, provider: given.providers[0]!, browser }
  }

  it('leads to the provider and back, and no handler sees the cookie of the session', async () => {
    const { provider, browser } = await setUp()
    const callback = await logIn(provider, browser)
    expect([callback.status, locationOf(callback)]).toEqual([303, `${ORIGIN}/orders?page=2`])
    browser.cookies.set('theme', 'dark')
    const shown = await (await browser.open('/')).text()
    expect(JSON.parse(shown)).toMatchObject({ user: { username: 'oidc:jane' }, cookie: 'theme=dark' })
    expect(shown).not.toContain('__Host-session')
  })

  it('tells scripts where to log in', async () => {
    const { browser } = await setUp()
    const response = await browser.fetch('/orders')
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ loginUrl: '/login?returnTo=%2Forders' })
  })

  it('renews the session beside the cookies of the app, also where the app fails', async () => {
    const { clock, provider, browser } = await setUp()
    await logIn(provider, browser)
    clock.advance(550_000)
    const first = browser.cookies.get('__Host-session')
    await browser.open('/')
    const second = browser.cookies.get('__Host-session')
    expect(second).not.toBe(first)
    if (framework !== 'Hono on Node') expect(browser.cookies.get('own')).toBe('1')
    clock.advance(550_000)
    const failed = await browser.open('/throws')
    expect(failed.status).toBe(framework === 'Hono on Node' ? 200 : 500)
    expect(browser.cookies.get('__Host-session')).not.toBe(second)
  })

  it('lets no cache keep a response with a session', async () => {
    const { clock, provider, browser } = await setUp()
    await logIn(provider, browser)
    expect((await browser.open('/cached')).headers.get('cache-control')).toBe('public, max-age=3600')
    clock.advance(550_000)
    const renewed = await browser.open('/cached')
    expect(renewed.headers.getSetCookie().join()).toContain('__Host-session=')
    expect(renewed.headers.get('cache-control')).toBe('no-store')
  })

  it('takes no cookie that a subdomain has set', async () => {
    const { provider, browser } = await setUp()
    await logIn(provider, browser, 'mallory')
    const value = browser.cookies.get('__Host-session') ?? ''
    browser.cookies.clear()
    // U+2000 in UTF-8.
    browser.cookies.set('\u00e2\u0080\u0080__Host-session', value)
    expect((await browser.fetch('/')).status).toBe(401)
  })

  it('ends, by a form and by the provider', async () => {
    const { clock, provider, browser } = await setUp()
    await logIn(provider, browser)
    expect(locationOf(await browser.submit('/logout'))).toMatch(/^https:\/\/issuer\.example\.com\/logout\?/)
    expect((await browser.open('/')).status).toBe(303)
    clock.advance(60_000)
    await logIn(provider, browser)
    const token = await provider.issuer.sign(
      {
        aud: 'my-app',
        sub: 'jane',
        jti: '1',
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      },
      { header: { typ: 'logout+jwt' } },
    )
    const sent = { method: 'POST', body: new URLSearchParams({ logout_token: token }) }
    expect((await browser.fetch('/logout/backchannel', sent)).status).toBe(200)
    expect((await browser.open('/')).status).toBe(303)
  })
})

describe('a guard in Express', () => {
  it('sends an unknown user to the login too', async () => {
    const given = await loginApp()
    const browser = browserOf(await onNode(expressApp(given)), ORIGIN)
    expect(locationOf(await browser.open('/optional/a?b=c'))).toBe(
      `${ORIGIN}/login?returnTo=%2Foptional%2Fa%3Fb%3Dc`,
    )
    await logIn(given.providers[0]!, browser)
    expect((await browser.open('/optional/a')).status).toBe(200)
  })
})

describe('requireLogin of Express', () => {
  it('takes the requests and replies of Fastify too', async () => {
    const { login } = await loginApp()
    const redirect = forExpress.requireLogin(login)
    const failure = new StatusError({ status: 401, reason: 'Unauthorized', message: 'no' })
    const server = await onNode((req, res) => void redirect(failure, { raw: req }, { raw: res }))
    expect(locationOf(await browserOf(server, ORIGIN).open('/a?b=c'))).toBe(
      `${ORIGIN}/login?returnTo=%2Fa%3Fb%3Dc`,
    )
  })
})

describe('the middlewares', () => {
  it.each([
    forExpress.loginRoutes,
    forExpress.requireLogin,
    forKoa.loginRoutes,
    forKoa.requireLogin,
    forHono.loginRoutes,
    forHono.requireLogin,
  ])('need a login', (middleware) => {
    expect(() => middleware({} as never)).toThrow('login: must be a login, of webLogin(...)')
  })
})
