import type { AddressInfo } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import { type Authenticator, authenticatorChain, userInfo } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { Hono, type MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { TrieRouter } from 'hono/router/trie-router'
import { afterEach, describe, expect, it } from 'vitest'
import { authentication, authorization, getAuthentication, getUser, impersonation } from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'
import type { AuthenticationOptions } from './authentication.ts'

const servers: ServerType[] = []
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

interface Answer {
  readonly status: number
  readonly body: string
}

type Ask = (app: Hono, path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>

const overFetch: Ask = async (app, path, headers = asSuperman, method = 'GET') => {
  const response = await app.request(path, { headers, method })
  return { status: response.status, body: await response.text() }
}

const overNode: Ask = async (app, path, headers = asSuperman, method = 'GET') => {
  const server = await new Promise<ServerType>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started))
  })
  servers.push(server)
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, method })
  return { status: response.status, body: await response.text() }
}

interface Parts {
  readonly app: Hono
  readonly authn: MiddlewareHandler
  readonly impersonate: MiddlewareHandler
  readonly who: MiddlewareHandler
}

const pass: MiddlewareHandler = async (_c, next) => next()
const goOn: NonNullable<AuthenticationOptions['onFailure']> = async (_error, _c, next) => next()

const GRANTED = { status: 200, body: 'true superman by jane' }
const REFUSED = expect.objectContaining({
  status: 403,
  body: expect.stringContaining('no impersonation middleware'),
})

describe.each<[string, Ask]>([
  ['Fetch', overFetch],
  ['Node', overNode],
])('requests that ask to act as another user, in Hono on %s', (_on, ask) => {
  function parts(options?: AuthenticationOptions): Parts & { readonly reached: string[] } {
    const reached: string[] = []
    const who: MiddlewareHandler = async (c) => {
      reached.push(c.req.path)
      const { user, requester } = getAuthentication(c)
      return c.text(
        `${String(c.get('user') === user)} ${user.username} by ${requester?.username ?? 'itself'}`,
      )
    }
    const authn: MiddlewareHandler = authentication(chain, options)
    const impersonate: MiddlewareHandler = impersonation(alwaysAllow())
    return { app: new Hono(), authn, impersonate, who, reached }
  }

  it.each<[string, string, (parts: Parts) => unknown]>([
    [
      'it is the next',
      '/',
      ({ app, authn, impersonate, who }) => app.use(authn).use(impersonate).get('/', who),
    ],
    [
      'both are given at once',
      '/',
      ({ app, authn, impersonate, who }) => app.use(authn, impersonate).get('/', who),
    ],
    [
      'others are between them',
      '/a',
      ({ app, authn, impersonate, who }) => app.use(authn).use(pass).use('/a', impersonate).get('/a', who),
    ],
    [
      'both are below a path',
      '/a/b?c',
      ({ app, authn, impersonate, who }) => app.use('/a/*', authn, impersonate).get('/a/b', who),
    ],
    [
      'a route has it',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).get('/x', pass, impersonate, who),
    ],
    [
      'a route has both',
      '/x/1',
      ({ app, authn, impersonate, who }) => app.get('/x/:id', authn, impersonate, who),
    ],
    [
      'an app that is a part has both',
      '/p/x',
      ({ app, authn, impersonate, who }) =>
        app.route('/p', new Hono().use(authn).use(impersonate).get('/x', who)),
    ],
    [
      'an app that is a part has it',
      '/p/x',
      ({ app, authn, impersonate, who }) =>
        app.use(authn).route('/p', new Hono().use(impersonate).get('/x', who)),
    ],
    [
      'that app has an error handler of its own',
      '/p/x',
      ({ app, authn, impersonate, who }) =>
        app.use(authn).route(
          '/p',
          new Hono()
            .onError((_e, c) => c.text(''))
            .use(impersonate)
            .get('/x', who),
        ),
    ],
    [
      'such an app is in such an app',
      '/p/q/x',
      ({ app, authn, impersonate, who }) =>
        app.use(authn).route(
          '/p',
          new Hono()
            .onError((_e, c) => c.text(''))
            .route(
              '/q',
              new Hono()
                .onError((_e, c) => c.text(''))
                .use(impersonate)
                .get('/x', who),
            ),
        ),
    ],
    [
      'an app that is mounted has both',
      '/m/x',
      ({ app, authn, impersonate, who }) =>
        // oxlint-disable-next-line typescript/no-deprecated -- apps have it until it is gone.
        app.mount('/m', new Hono().use(authn).use(impersonate).get('/x', who).fetch),
    ],
    [
      'the app has a base path',
      '/b/x',
      ({ app, authn, impersonate, who }) => app.basePath('/b').use(authn).use(impersonate).get('/x', who),
    ],
    [
      'a route of another method comes first',
      '/x',
      ({ app, authn, impersonate, who }) =>
        app
          .use(authn)
          .post('/x', (c) => c.text(''))
          .use(impersonate)
          .get('/x', who),
    ],
    [
      'authentication is made with the first request',
      '/',
      ({ app, authn, impersonate, who }) =>
        app
          .use(async (c, next) => authn(c, next))
          .use(impersonate)
          .get('/', who),
    ],
    [
      'authentication is in every',
      '/',
      ({ app, authn, impersonate, who }) => app.use(every(pass, authn)).use(impersonate).get('/', who),
    ],
    [
      'the app is routed by a RegExpRouter',
      '/a/b',
      ({ authn, impersonate, who, app }) =>
        app.route(
          '/',
          new Hono({ router: new RegExpRouter() }).use(authn).use('/a/*', impersonate).get('/a/b', who),
        ),
    ],
  ])('are granted where impersonation comes: %s', async (_, path, put) => {
    const given = parts()
    put(given)
    expect(await ask(given.app, path)).toEqual(GRANTED)
  })

  it.each<[string, string, (parts: Parts) => unknown]>([
    ['it is nowhere', '/', ({ app, authn, who }) => app.use(authn).get('/', who)],
    ['there is nothing else', '/', ({ app, authn, who }) => app.get('/', authn, who)],
    [
      'it is below another path',
      '/plain',
      ({ app, authn, impersonate, who }) => app.use(authn).use('/api/*', impersonate).get('/plain', who),
    ],
    [
      'a handler answers first',
      '/x',
      ({ app, authn, impersonate }) =>
        app
          .use(authn)
          .get('/x', (c) => c.text(''))
          .use('/x', impersonate),
    ],
    [
      'a handler of a part answers first',
      '/p/x',
      ({ app, authn, impersonate }) =>
        app
          .use(authn)
          .route(
            '/p',
            new Hono().onError((_e, c) => c.text('')).get('/x', (c) => c.text('')),
          )
          .use(impersonate),
    ],
    [
      'a route of another method has it',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).post('/x', impersonate).get('/x', who),
    ],
    [
      'it is in another function',
      '/',
      ({ app, authn, impersonate, who }) =>
        app
          .use(authn)
          .use(async (c, next) => impersonate(c, next))
          .get('/', who),
    ],
    [
      'it is in every',
      '/',
      ({ app, authn, impersonate, who }) => app.use(every(authn, impersonate)).get('/', who),
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
    const behind = (...handlers: readonly MiddlewareHandler[]): Hono => {
      const { app, authn, impersonate } = parts()
      app.use(authn)
      for (const handler of handlers) app.use(handler)
      return app.use(impersonate)
    }
    const own: MiddlewareHandler = async (c) =>
      c.text(`${String(c.get('user'))} ${String(c.get('authentication'))}`)
    expect(await ask(behind(own), '/')).toEqual({ status: 200, body: 'undefined undefined' })
    expect(
      (
        await ask(
          behind(async (c) => c.text(getUser(c).username)),
          '/',
        )
      ).status,
    ).toBe(403)
    const { reached, who } = parts()
    expect(await ask(behind(authorization(alwaysAllow()), who), '/')).toEqual(REFUSED)
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    expect(await ask(behind(reviews(alwaysAllow()), who), path, asSuperman, 'POST')).toEqual(REFUSED)
    expect(reached).toEqual([])
  })

  it('are the caller’s for the user option of impersonation', async () => {
    const { app, authn, who } = parts()
    app.use(authn, impersonation(alwaysAllow(), { user: (c) => getUser(c) })).get('/', who)
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
    given.app.get('/', given.who)
    expect((await ask(given.app, '/')).status).toBe(403)
    expect(given.reached).toEqual([])
  })

  it('are decided by the last of two authentications', async () => {
    const { app, impersonate, who } = parts()
    app.use(authentication(always('jane')), authentication(always('joe')), impersonate).get('/', who)
    expect((await ask(app, '/')).body).toBe('true superman by joe')
  })

  it('are a 500 where impersonation comes before authentication', async () => {
    const { app, authn, impersonate, who } = parts()
    app.use(impersonate, authn).get('/', who)
    expect((await ask(app, '/')).status).toBe(500)
  })

  it('wait for what cannot be seen, with the option later', async () => {
    const { app, impersonate, who } = parts()
    app.use(every(authentication(chain, { impersonationHeaders: 'later' }), pass))
    const hidden: MiddlewareHandler = async (c, next) => impersonate(c, next)
    app.use('/m', hidden).get('/:x', who)
    expect(await ask(app, '/m')).toEqual(GRANTED)
    expect((await ask(app, '/x')).status).toBe(403)
  })

  it('are the caller’s, with their headers, with the option pass', async () => {
    const { app, authn } = parts({ impersonationHeaders: 'pass' })
    app
      .use(authn)
      .get('/', (c) => c.text(`${getUser(c).username} ${String(c.req.header('impersonate-user'))}`))
    expect(await ask(app, '/')).toEqual({ status: 200, body: 'jane superman' })
    const withTwin = { ...asSuperman, Impersonate_User: 'root' }
    expect(await ask(app, '/', withTwin)).toEqual({ status: 200, body: 'jane superman' })
  })

  it('are refused by the webhook that only knows its callers', async () => {
    const { app, impersonate } = parts()
    app.use('/authenticate', tokenReviewWebhook([tokens], { callers: chain })).use(impersonate)
    expect(await ask(app, '/authenticate', asSuperman, 'POST')).toEqual(REFUSED)
  })

  it('leave no twin and no empty header for the app', async () => {
    const { app, authn, impersonate } = parts()
    app.use(authn, impersonate).get('/', (c) => c.json([[...c.req.raw.headers], c.req.header()]))
    const twins = {
      ...asJane,
      Impersonate_User: 'superman',
      'Impersonate-Extra_a': 'b',
      'impersonate-uid': '',
    }
    expect((await ask(app, '/', twins)).body).not.toMatch(/impersonate/i)
  })
})

it('finds impersonation whatever router an app has', async () => {
  for (const router of [new TrieRouter(), new RegExpRouter()]) {
    const app = new Hono({ router: router as never })
    app
      .use(authentication(chain))
      .use('/api/*', impersonation(alwaysAllow()))
      .get('*', (c) => c.text(getUser(c).username))
    expect(await overFetch(app, '/api/x')).toEqual({ status: 200, body: 'superman' })
    expect(await overFetch(app, '/x')).toEqual(REFUSED)
  }
})
