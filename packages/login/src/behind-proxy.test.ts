import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Authenticator, authenticatorChain } from '@kube-authn/core'
import * as express from '@kube-authn/express'
import * as hono from '@kube-authn/hono'
import * as koa from '@kube-authn/koa'
import * as forExpress from '@kube-authn/login/express'
import * as forHono from '@kube-authn/login/hono'
import * as forKoa from '@kube-authn/login/koa'
import { impersonatingProxy, type ImpersonatingProxy } from '@kube-authn/proxy'
import expressApp from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { browserOf } from '../test/browser.ts'
import { logIn } from '../test/log-in.ts'
import { type LoginApp, loginApp, ORIGIN } from '../test/login-app.ts'
import { onNode } from '../test/on-node.ts'

interface Given extends Pick<LoginApp, 'login'> {
  readonly chain: Authenticator
  readonly proxy: ImpersonatingProxy
}

/** Apps that hand everything below `/cluster` to a proxy, and stream a response of their own. */
const apps: Readonly<Record<string, (given: Given) => RequestListener>> = {
  Express({ login, chain, proxy }) {
    const app = expressApp()
    app.use(forExpress.loginRoutes(login))
    app.use('/cluster', proxy.express())
    app.use(express.authentication(chain, { onFailure: forExpress.requireLogin(login), log: false }))
    app.get('/stream', (_req, res) => stream(res))
    return app
  },
  Koa({ login, chain, proxy }) {
    const app = new Koa()
    const forward = proxy.koa()
    app.use(forKoa.loginRoutes(login))
    app.use((ctx, next) => (ctx.path.startsWith('/cluster') ? forward(ctx) : next()))
    app.use(koa.authentication(chain, { onFailure: forKoa.requireLogin(login), log: false }))
    app.use((ctx) => {
      ctx.respond = false
      stream(ctx.res)
    })
    const handle = app.callback()
    return (req, res) => void handle(req, res)
  },
  Hono({ login, chain, proxy }) {
    const app = new Hono()
    app.use(forHono.loginRoutes(login))
    app.all('/cluster/*', proxy.hono())
    app.use(hono.authentication(chain, { onFailure: forHono.requireLogin(login), log: false }))
    app.get('/stream', (c) => {
      if (isOutgoing(c.env)) stream(c.env.outgoing)
      return alreadySent()
    })
    const handle = getRequestListener(app.fetch)
    return (req, res) => void handle(req, res)
  },
}

function stream(res: ServerResponse): void {
  res.writeHead(200, { 'Cache-Control': 'public, max-age=60' })
  res.flushHeaders()
  setImmediate(() => res.end('ok'))
}

/** The `Response` of `@hono/node-server` looks at its headers only once its body was asked for; `RESPONSE_ALREADY_SENT` may be one of those. */
function alreadySent(): Response {
  const response = new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
  expect(response.body).toBeNull()
  return response
}

function isOutgoing(env: unknown): env is { readonly outgoing: ServerResponse } {
  return typeof env === 'object' && env !== null && 'outgoing' in env
}

describe.each(Object.entries(apps))('in %s, a session that is renewed', (_, appOf) => {
  const setUp = async () => {
    const given = await loginApp()
    const { login, providers, clock } = given
    const upstream = createServer((_req, res) => {
      res.writeHead(200, { 'Cache-Control': 'public, max-age=60', 'Set-Cookie': 'of=upstream' }).end('ok')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => upstream.once('listening', resolve))
    onTestFinished(() => void upstream.close())
    const { port } = upstream.address() as AddressInfo
    const chain = authenticatorChain({ requests: [login.authenticator] })
    const proxy = impersonatingProxy({
      authenticator: chain,
      upstream: { server: `http://127.0.0.1:${port}` },
      allowInsecureHttp: true,
      prefix: '/cluster',
      clock,
      log: false,
    })
    onTestFinished(proxy.close)
    const provider = providers[0]!
    const browser = browserOf(await onNode(appOf({ login, chain, proxy })), ORIGIN)
    await logIn(provider, browser)
    const grants = (): readonly (string | null)[] =>
      provider.tokenRequests.map(({ form }) => form.get('refresh_token')).filter((token) => token !== null)
    return { clock, browser, upstream, grants }
  }

  it.each(['/cluster/api', '/stream'])('reaches the browser with %s, and no cache', async (path) => {
    const { clock, browser, grants } = await setUp()
    const usual = await browser.fetch(path)
    expect([usual.status, await usual.text()]).toEqual([200, 'ok'])
    expect(usual.headers.get('cache-control')).toBe('public, max-age=60')
    expect(usual.headers.getSetCookie()).toEqual([])
    for (const round of [1, 2, 3]) {
      clock.advance(550_000)
      const before = browser.cookies.get('__Host-session')
      const renewed = await browser.fetch(path)
      expect(await renewed.text()).toBe('ok')
      expect(renewed.headers.get('cache-control')).toBe('no-store')
      const sent = renewed.headers.getSetCookie().filter((line) => !line.includes('Max-Age=0'))
      expect(sent).toEqual([expect.stringMatching(/^__Host-session=/)])
      expect(browser.cookies.get('__Host-session')).not.toBe(before)
      // A refresh token that is used again ends the grant at many providers.
      expect(new Set(grants()).size).toBe(round)
      expect(grants()).toHaveLength(round)
    }
  })

  it('reaches the browser also if the upstream is away', async () => {
    const { clock, browser, upstream } = await setUp()
    upstream.closeAllConnections()
    upstream.close()
    clock.advance(550_000)
    const failed = await browser.fetch('/cluster/api')
    expect(failed.status).toBe(502)
    expect(failed.headers.get('cache-control')).toBe('no-store')
    expect(failed.headers.getSetCookie().join()).toContain('__Host-session=')
  })
})
