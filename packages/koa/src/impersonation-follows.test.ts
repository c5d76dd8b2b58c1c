import { createServer, request as startRequest } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Router } from '@koa/router'
import { type Authenticator, authenticatorChain, userInfo } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import Koa, { type Middleware } from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { authentication, authorization, getAuthentication, getUser, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'
import type { AuthenticationOptions } from './authentication.ts'

const load = createRequire(import.meta.url)
const mount = load('koa-mount') as (path: string, app: Middleware | Koa) => Middleware
const Koa2 = load('koa2') as typeof Koa

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const tokens = tokenFile('t,jane,1')
const chain = authenticatorChain({ tokens: [tokens] })
const always = (username: string): Authenticator => ({
  name: username,
  authenticate: () => ({ user: userInfo({ username }) }),
})
const asJane = { authorization: 'Bearer t' }
const asSuperman = { ...asJane, 'impersonate-user': 'superman' }

async function ask(
  app: Koa,
  path: string,
  headers: Record<string, string> = asSuperman,
  method = 'GET',
): Promise<{ status: number | undefined; body: string }> {
  app.silent = true
  const handle = app.callback()
  const server = createServer((req, res) => void handle(req, res))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const sent = startRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        let body = ''
        response.on('data', (data) => (body += String(data)))
        response.on('end', () => resolve({ status: response.statusCode, body }))
      },
    )
    sent.on('error', reject).end()
  })
}

interface Parts {
  readonly app: Koa
  readonly make: () => Koa
  readonly router: Router
  readonly authn: Middleware
  readonly impersonate: Middleware
  readonly who: Middleware
}

const pass: Middleware = async (_ctx, next) => {
  await next()
}
const goOn: NonNullable<AuthenticationOptions['onFailure']> = async (_error, _ctx, next) => next()

const GRANTED = { status: 200, body: 'true superman by jane' }
const REFUSED = expect.objectContaining({
  status: 403,
  body: expect.stringContaining('no impersonation middleware'),
})

describe.each([
  { version: 3, make: () => new Koa() },
  { version: 2, make: () => new Koa2() },
])('requests that ask to act as another user, in Koa $version', ({ make }) => {
  function parts(options?: AuthenticationOptions): Parts & { readonly reached: string[] } {
    const reached: string[] = []
    const who: Middleware = (ctx) => {
      reached.push(ctx.path)
      const { user, requester } = getAuthentication(ctx)
      ctx.body = `${String(ctx.state['user'] === user)} ${user.username} by ${requester?.username ?? 'itself'}`
    }
    const authn: Middleware = authentication(chain, options)
    const impersonate: Middleware = impersonation(alwaysAllow())
    return { app: make(), make, router: new Router(), authn, impersonate, who, reached }
  }

  it.each<[string, string, (parts: Parts) => unknown]>([
    ['it is the next', '/', ({ app, authn, impersonate, who }) => app.use(authn).use(impersonate).use(who)],
    [
      'others are between them',
      '/',
      ({ app, authn, impersonate, who }) => app.use(authn).use(pass).use(impersonate).use(who),
    ],
    [
      'it comes twice',
      '/',
      ({ app, authn, impersonate, who }) => app.use(authn).use(impersonate).use(impersonate).use(who),
    ],
    [
      'both are in a router',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(router.use(authn).use(impersonate).get('/x', who).routes()),
    ],
    [
      'both are given to it at once',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(router.use(authn, impersonate).get('/x', who).routes()),
    ],
    [
      'a router has it',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.use(impersonate).get('/x', who).routes()),
    ],
    [
      'a router has it below a path',
      '/a/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.use('/a', impersonate).get('/a/x', who).routes()),
    ],
    [
      'a route has it',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.get('/x', pass, impersonate, who).routes()),
    ],
    [
      'a route has both',
      '/x/1',
      ({ app, router, authn, impersonate, who }) =>
        app.use(router.get('/x/:id', authn, impersonate, who).routes()),
    ],
    [
      'a router in a router has it',
      '/a/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(router.use(authn).use('/a', new Router().use(impersonate).get('/x', who).routes()).routes()),
    ],
    [
      'a router has a prefix',
      '/a/x',
      ({ app, authn, impersonate, who }) =>
        app.use(authn).use(new Router({ prefix: '/a' }).use(impersonate).get('/x', who).routes()),
    ],
    [
      'a router without a route for it comes first',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.get('/y', who).routes()).use(impersonate).use(who),
    ],
    [
      'a router for another method comes first',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.post('/x', who).routes()).use(impersonate).use(who),
    ],
  ])('are granted where impersonation comes: %s', async (_, path, put) => {
    const given = parts()
    put(given)
    expect(await ask(given.app, path)).toEqual(GRANTED)
  })

  it.each<[string, string, (parts: Parts) => unknown]>([
    ['it is nowhere', '/', ({ app, authn, who }) => app.use(authn).use(who)],
    [
      'a router has it that has no such route',
      '/y',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.use(impersonate).get('/x', who).routes()).use(who),
    ],
    [
      'a router has it below another path',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.use('/a', impersonate).get('/x', who).routes()),
    ],
    [
      'a route of another method has it',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.post('/x', impersonate).get('/x', who).routes()),
    ],
    [
      'a route answers first',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(authn).use(router.get('/x', who).routes()).use(impersonate),
    ],
    [
      'a route before it has authentication',
      '/x',
      ({ app, router, authn, impersonate, who }) =>
        app.use(router.get('/x', authn, who).routes()).use(impersonate),
    ],
    [
      'it is mounted',
      '/m',
      ({ app, authn, impersonate, who }) => app.use(authn).use(mount('/m', impersonate)).use(who),
    ],
    [
      'authentication is mounted',
      '/m',
      ({ app, authn, impersonate, who }) => app.use(mount('/m', authn)).use(impersonate).use(who),
    ],
    [
      'both are in an app that is mounted',
      '/m',
      ({ app, make: m, authn, impersonate, who }) =>
        app.use(mount('/m', m().use(authn).use(impersonate).use(who))),
    ],
    [
      'it is in another function',
      '/',
      ({ app, authn, impersonate, who }) =>
        app
          .use(authn)
          .use(async (ctx, next) => void (await impersonate(ctx, next)))
          .use(who),
    ],
    [
      'authentication is in another function',
      '/',
      ({ app, authn, impersonate, who }) =>
        app
          .use(async (ctx, next) => void (await authn(ctx, next)))
          .use(impersonate)
          .use(who),
    ],
    [
      'a router goes by another path',
      '/y',
      ({ app, authn, impersonate, who }) =>
        app.use(authn).use(new Router({ routerPath: '/x' }).use(impersonate).get('/x', who).routes()),
    ],
    [
      'a router goes by another path, and one of its routes by this one',
      '/y',
      ({ app, authn, impersonate, who }) =>
        app
          .use(authn)
          .use(new Router({ routerPath: '/x' }).use(impersonate).get('/y', who).routes())
          .use(who),
    ],
    [
      'a router goes by a host',
      '/x',
      ({ app, authn, impersonate, who }) =>
        app.use(authn).use(new Router({ host: /./ }).use(impersonate).get('/x', who).routes()),
    ],
    [
      'a router calls one of its layers only',
      '/x',
      ({ app, authn, impersonate, who }) =>
        app.use(authn).use(new Router({ exclusive: true }).use(impersonate).get('/x', who).routes()),
    ],
  ])('are refused before any handler, where it does not come: %s', async (_, path, put) => {
    const given = parts()
    put(given)
    expect(await ask(given.app, path)).toEqual(REFUSED)
    expect(given.reached).toEqual([])
    // Without impersonation, everything works as before.
    expect((await ask(given.app, path, asJane)).status).toBe(200)
  })

  it('have no user where impersonation was found and did not run', async () => {
    const own: Middleware = (ctx) => {
      ctx.body = String(ctx.state['user'])
    }
    const user: Middleware = (ctx) => {
      ctx.body = getUser(ctx).username
    }
    const behind = (...middlewares: readonly Middleware[]): Koa => {
      const { app, authn, impersonate } = parts()
      app.use(authn)
      for (const middleware of middlewares) app.use(middleware)
      return app.use(impersonate)
    }
    expect(await ask(behind(own), '/')).toEqual({ status: 200, body: 'undefined' })
    expect((await ask(behind(user), '/')).status).toBe(403)
    const { reached, who } = parts()
    expect(await ask(behind(authorization(alwaysAllow()), who), '/')).toEqual(REFUSED)
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    expect(await ask(behind(reviews(alwaysAllow()), who), path, asSuperman, 'POST')).toEqual(REFUSED)
    expect(reached).toEqual([])
  })

  it('are the caller’s for the user option of impersonation', async () => {
    const { app, authn, who } = parts()
    app
      .use(authn)
      .use(impersonation(alwaysAllow(), { user: (ctx) => getUser(ctx) }))
      .use(who)
    expect(await ask(app, '/')).toEqual(GRANTED)
  })

  it.each<[string, (parts: Parts) => unknown]>([
    [
      'another authentication follows its refusal',
      ({ app }) =>
        app.use(authentication(always('jane'), { onFailure: goOn })).use(authentication(always('joe'))),
    ],
    [
      'another one follows the refusal of impersonation',
      ({ app, authn }) =>
        app
          .use(authn)
          .use(impersonation(alwaysDeny(), { onFailure: goOn }))
          .use(authentication(always('joe'))),
    ],
    [
      'authorization follows',
      ({ app, authn }) =>
        app
          .use(authn)
          .use(impersonation(alwaysDeny(), { onFailure: goOn }))
          .use(authorization(alwaysAllow())),
    ],
    [
      'another one follows what was granted',
      ({ app, authn, impersonate }) =>
        app
          .use(authn)
          .use(impersonate)
          .use(authentication(always('joe')))
          .use(impersonate),
    ],
  ])('stay as they were decided when %s', async (_, put) => {
    const given = parts()
    put(given)
    given.app.use(given.who)
    expect((await ask(given.app, '/')).status).toBe(403)
    expect(given.reached).toEqual([])
  })

  it('are decided by the last of two authentications', async () => {
    const { app, impersonate, who } = parts()
    app
      .use(authentication(always('jane')))
      .use(authentication(always('joe')))
      .use(impersonate)
      .use(who)
    expect((await ask(app, '/')).body).toBe('true superman by joe')
  })

  it('are a 500 where impersonation comes before authentication', async () => {
    const { app, authn, impersonate, who } = parts()
    app.use(impersonate).use(authn).use(who)
    expect((await ask(app, '/')).status).toBe(500)
  })

  it('wait for what cannot be seen, with the option later', async () => {
    const { app, authn, impersonate, who } = parts({ impersonationHeaders: 'later' })
    app.use(authn).use(mount('/m', impersonate)).use(who)
    expect(await ask(app, '/m')).toEqual(GRANTED)
    expect((await ask(app, '/x')).status).toBe(403)
  })

  it('are the caller’s, with their headers, with the option pass', async () => {
    const { app, authn } = parts({ impersonationHeaders: 'pass' })
    app.use(authn).use((ctx) => {
      ctx.body = `${getUser(ctx).username} ${ctx.get('impersonate-user')}`
    })
    expect(await ask(app, '/')).toEqual({ status: 200, body: 'jane superman' })
    const withTwin = { ...asSuperman, Impersonate_User: 'root' }
    expect(await ask(app, '/', withTwin)).toEqual({ status: 200, body: 'jane superman' })
  })

  it('are refused by the webhook that only knows its callers', async () => {
    const { app, impersonate } = parts()
    app.use(tokenReviewWebhook([tokens], { callers: chain })).use(impersonate)
    expect(await ask(app, '/', asSuperman, 'POST')).toEqual(REFUSED)
  })

  it('leave no twin and no empty header for the app', async () => {
    const { app, authn, impersonate } = parts()
    app
      .use(authn)
      .use(impersonate)
      .use((ctx) => {
        ctx.body = [ctx.req.rawHeaders, ctx.headers]
      })
    const twins = {
      ...asJane,
      Impersonate_User: 'superman',
      'Impersonate-Extra_a': 'b',
      'impersonate-uid': '',
    }
    expect((await ask(app, '/', twins)).body).not.toMatch(/impersonate/i)
  })
})
