import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type Authenticator, authenticatorChain, type Log, type LogEntry } from '@kube-authn/core'
import { authentication as onExpress, requireUser } from '@kube-authn/express'
import { authentication as onHono } from '@kube-authn/hono'
import { authentication as onKoa } from '@kube-authn/koa'
import * as forExpress from '@kube-authn/login/express'
import * as forHono from '@kube-authn/login/hono'
import * as forKoa from '@kube-authn/login/koa'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { browserOf, locationOf } from '../test/browser.ts'
import { beginLogin, logIn } from '../test/log-in.ts'
import { type LoginApp, loginApp, ORIGIN } from '../test/login-app.ts'
import { onNode } from '../test/on-node.ts'
import type { WebLogin } from './web-login.ts'

/** Where the routes of the login are. */
type Routes = 'before' | 'after' | 'nowhere'
type Wire = (login: WebLogin, chain: Authenticator, routes: Routes, log?: Log) => RequestListener

const expressApp: Wire = (login, chain, routes, log = false) => {
  const app = express()
  if (routes === 'before') app.use(forExpress.loginRoutes(login))
  app.use(onExpress(chain, { onFailure: forExpress.requireLogin(login), log }))
  if (routes === 'after') app.use(forExpress.loginRoutes(login))
  return app.use((_req, res) => void res.end('in'))
}

const guarded: Wire = (login, chain, routes, log = false) => {
  const app = express()
  if (routes === 'before') app.use(forExpress.loginRoutes(login))
  const onFailure = forExpress.requireLogin(login)
  app.use(onExpress(chain, { optional: true, onFailure, log }))
  app.use(requireUser({ onFailure, log: false }))
  if (routes === 'after') app.use(forExpress.loginRoutes(login))
  return app.use((_req, res) => void res.end('in'))
}

const koaApp: Wire = (login, chain, routes, log = false) => {
  const app = new Koa()
  if (routes === 'before') app.use(forKoa.loginRoutes(login))
  app.use(onKoa(chain, { onFailure: forKoa.requireLogin(login), log }))
  if (routes === 'after') app.use(forKoa.loginRoutes(login))
  app.use((ctx) => void (ctx.body = 'in'))
  const handle = app.callback()
  return (req, res) => void handle(req, res)
}

const honoApp: Wire = (login, chain, routes, log = false) => {
  const app = new Hono()
  if (routes === 'before') app.use(forHono.loginRoutes(login))
  app.use(onHono(chain, { onFailure: forHono.requireLogin(login), log }))
  if (routes === 'after') app.use(forHono.loginRoutes(login))
  app.get('*', (c) => c.text('in'))
  const handle = getRequestListener(app.fetch)
  return (req, res) => void handle(req, res)
}

const ROUTES =
  /loginRoutes\(login\) did not answer this request of the login: put .* before app\.use\(authentication/
const AUTHENTICATOR = /the browser is logged in, but .* put login\.authenticator into the requests/

describe.each<readonly [framework: string, wire: Wire]>([
  ['Express', expressApp],
  ['a guard of Express', guarded],
  ['Koa', koaApp],
  ['Hono', honoApp],
])('the login in %s', (_, wire) => {
  async function setUp(routes: Routes, chainOf: (given: LoginApp) => Authenticator) {
    const given = await loginApp()
    const app = await onNode(wire(given.login, chainOf(given), routes))
    return { ...given, provider: given.providers[0]!, browser: browserOf(app, ORIGIN) }
  }

  it.each<Routes>(['after', 'nowhere'])('says that its routes are %s', async (routes) => {
    const { browser, log } = await setUp(routes, ({ login }) => login.chain)
    const first = await browser.open('/orders')
    expect([first.status, locationOf(first)]).toEqual([303, `${ORIGIN}/login?returnTo=%2Forders`])
    for (const path of [locationOf(first), '/login/callback?code=1', '/logout']) {
      const answer = await browser.open(path)
      expect([answer.status, locationOf(answer)]).toEqual([500, ''])
      expect(await answer.json()).toMatchObject({ code: 500, message: expect.stringMatching(ROUTES) })
    }
    expect(log).toMatchObject(
      ['/login', '/login/callback', '/logout'].map((path) => ({ level: 'error', status: 500, path })),
    )
    for (const { message } of log) expect(message).toMatch(ROUTES)
  })

  it('says that its sessions are read by no authenticator, and exchanges no further code', async () => {
    const { browser, provider, log } = await setUp('before', ({ tokens }) => authenticatorChain({ tokens }))
    await logIn(provider, browser)
    const page = await browser.open('/orders')
    expect([page.status, locationOf(page)]).toEqual([500, ''])
    expect(await page.json()).toMatchObject({ message: expect.stringMatching(AUTHENTICATOR) })
    expect((await browser.fetch('/orders')).status).toBe(500)
    expect(log[0]?.message).toMatch(/^kube-authn: 500 GET \/orders: the browser is logged in/)
    expect(provider.tokenRequests).toHaveLength(1)
  })

  it.each<readonly [chain: string, path: string, headers: Record<string, string>, line: RegExp]>([
    [
      'with',
      '/a',
      {},
      / 303 GET \/a from 127\.0\.0\.1: no credential was sent\. The browser is sent to the login\.$/,
    ],
    ['with', '/a', { authorization: 'Bearer x' }, / 303 GET \/a .*The browser is sent/],
    ['with', '/a', { 'sec-fetch-mode': 'cors' }, / 401 GET \/a .* Send "Authorization: Bearer TOKEN"\.$/],
    ['with', '/login', {}, / 401 GET \/login /],
    ['without', '/a', {}, / 401 GET \/a /],
  ])('%s sessions in the chain, the log has the status of %s for %j', async (which, path, headers, line) => {
    const lines: LogEntry[] = []
    const { login, tokens } = await loginApp()
    const chain = which === 'with' ? login.chain : authenticatorChain({ tokens })
    const app = await onNode(wire(login, chain, 'nowhere', (entry) => lines.push(entry)))
    await browserOf(app, ORIGIN).open(path, headers)
    if (wire === guarded && headers['authorization'] === undefined) expect(lines).toEqual([])
    else expect(lines).toMatchObject([{ message: expect.stringMatching(line) }])
  })

  it('goes to the provider again where the session cannot be used', async () => {
    const { browser, clock, provider, log } = await setUp('before', ({ login }) => login.chain)
    const isRedirected = async (): Promise<void> => {
      expect(locationOf(await browser.open('/orders'))).toBe(`${ORIGIN}/login?returnTo=%2Forders`)
      expect(await beginLogin(browser)).toMatch(/^https:\/\/issuer\.example\.com\/authorize/)
    }
    await logIn(provider, browser)
    expect((await browser.open('/')).status).toBe(200)
    browser.cookies.set('__Host-session', 'changed')
    await isRedirected()
    await logIn(provider, browser)
    provider.endSessions()
    clock.advance(600_000)
    await isRedirected()
    expect(log.filter(({ status }) => status === 500)).toEqual([])
  })
})
