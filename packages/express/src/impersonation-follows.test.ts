import { createServer, request as startRequest, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type Authenticator, authenticatorChain, userInfo } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import express, { type Express, type Handler, Router } from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import {
  authentication,
  authorization,
  getAuthentication,
  getUser,
  impersonation,
  type Middleware,
} from './index.ts'
import { reviews, tokenReviewWebhook } from './reviews.ts'
import type { AuthenticationOptions } from './authentication.ts'

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
  app: RequestListener,
  path: string,
  headers: Record<string, string> = asSuperman,
  method = 'GET',
): Promise<{ status: number | undefined; body: string }> {
  const server = createServer(app)
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
  readonly app: Express
  readonly router: () => Router
  readonly make: () => Express
  readonly authn: Middleware
  readonly impersonate: Middleware
  readonly who: Handler
}

const make4 = createRequire(import.meta.url)('express4') as { (): Express; Router: () => Router }

const pass: Handler = (_req, _res, next) => next()

const goOn: AuthenticationOptions['onFailure'] = (_error, _req, _res, next) => next()

const whoAmI: Handler = (req, res) => {
  const { user, requester } = getAuthentication(req)
  res.send(
    `${String(Reflect.get(req, 'user') === user)} ${user.username} by ${requester?.username ?? 'itself'}`,
  )
}

const GRANTED = { status: 200, body: 'true superman by jane' }
const REFUSED = expect.objectContaining({
  status: 403,
  body: expect.stringContaining('no impersonation middleware'),
})

describe.each([
  { version: 5, make: () => express(), router: () => Router() },
  { version: 4, make: () => make4(), router: () => make4.Router() },
])('requests that ask to act as another user, in Express $version', ({ make, router }) => {
  function parts(options?: AuthenticationOptions): Parts & { readonly reached: string[] } {
    const reached: string[] = []
    const who: Handler = (req, res, next) => {
      reached.push(req.url)
      whoAmI(req, res, next)
    }
    const authn = authentication(chain, options)
    return { app: make(), make, router, authn, impersonate: impersonation(alwaysAllow()), who, reached }
  }

  it.each<[string, string, (parts: Parts) => unknown]>([
    [
      'it is the next',
      '/',
      ({ app, authn, impersonate, who }) => app.use(authn).use(impersonate).get('/', who),
    ],
    ['both are given at once', '/', ({ app, authn, impersonate, who }) => app.use(authn, impersonate, who)],
    [
      'both are in a list',
      '/',
      ({ app, authn, impersonate, who }) => app.use([authn, pass, impersonate]).use(who),
    ],
    [
      'others are between them',
      '/a',
      ({ app, authn, impersonate, who }) => app.use(authn).use(pass).use(impersonate).get('/a', who),
    ],
    [
      'both are below a path',
      '/a/b?c',
      ({ app, authn, impersonate, who }) => app.use('/a', authn, impersonate).get('/a/b', who),
    ],
    [
      'it is below the path alone',
      '/a/b',
      ({ app, authn, impersonate, who }) => app.use(authn).use('/a', impersonate).get('/a/b', who),
    ],
    [
      'the mount point is all of the path',
      '/a',
      ({ app, authn, impersonate, who }) => app.use('/a', authn).use('/a', impersonate).use('/a', who),
    ],
    [
      'the path of it is written otherwise',
      '/A/',
      ({ app, authn, impersonate, who }) => app.use(authn).use('/a', impersonate).get('/a', who),
    ],
    [
      'the path of it has a parameter',
      '/a/b/c',
      ({ app, authn, impersonate, who }) => app.use(authn).use('/:x/b', impersonate).use(who),
    ],
    [
      'the path of it is a pattern',
      '/a1/b',
      ({ app, authn, impersonate, who }) =>
        app
          .use(authn)
          .use(/^\/a\d/, impersonate)
          .use(who),
    ],
    [
      'the path of it is one of several',
      '/b/c',
      ({ app, authn, impersonate, who }) => app.use(authn).use(['/a', '/b'], impersonate).use(who),
    ],
    [
      'both are in a router',
      '/r/x',
      ({ app, router: r, authn, impersonate, who }) =>
        app.use('/r', r().use(authn).use(impersonate).get('/x', who)),
    ],
    [
      'it is in a router, and the other is not',
      '/r/x',
      ({ app, router: r, authn, impersonate, who }) =>
        app.use(authn).use('/r', r().use(impersonate).get('/x', who)),
    ],
    [
      'it is after a router',
      '/r/x',
      ({ app, router: r, authn, impersonate, who }) =>
        app.use('/r', r().use(authn)).use(impersonate).use(who),
    ],
    [
      'it is in a router in a router',
      '/r/s/x',
      ({ app, router: r, authn, impersonate, who }) =>
        app.use('/r', r().use(authn).use('/s', r().use(impersonate).get('/x', who))),
    ],
    [
      'routes hold both',
      '/x',
      ({ app, authn, impersonate, who }) => app.get('/x', authn, pass, impersonate, who),
    ],
    [
      'a route holds it',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).get('/x', pass, impersonate, who),
    ],
    [
      'a route for all methods holds it',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).all('/x', impersonate).get('/x', who),
    ],
    [
      'a route chain holds it',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).route('/x').post(who).all(impersonate).get(who),
    ],
    [
      'a route of another method comes first',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).post('/x', who).use(impersonate).get('/x', who),
    ],
    [
      'a route of another path comes first',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).get('/y', who).use(impersonate).get('/x', who),
    ],
    [
      'the app is mounted in another',
      '/m/x',
      ({ app, make: m, authn, impersonate, who }) =>
        app.use('/m', m().use(authn).use(impersonate).get('/x', who)),
    ],
    [
      'the app is mounted twice over',
      '/m/n/r/x',
      ({ app, make: m, router: r, authn, impersonate, who }) =>
        app.use('/m', m().use('/n', m().use('/r', r().use(authn).use('/x', impersonate).use(who)))),
    ],
    [
      'the app is mounted at the root',
      '/x',
      ({ app, make: m, authn, impersonate, who }) => app.use(m().use(authn).use(impersonate).get('/x', who)),
    ],
    [
      'the same one is at two places',
      '/b/x',
      ({ app, authn, impersonate, who }) => app.use('/a', authn).use('/b', authn, impersonate).use(who),
    ],
    [
      'it comes twice',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn, impersonate, impersonate, who),
    ],
    [
      'the URL was rewritten',
      '/old',
      ({ app, authn, impersonate, who }) =>
        app
          .use((req, _res, next) => {
            req.url = '/new/x'
            next()
          })
          .use(authn)
          .use('/new', impersonate)
          .use(who),
    ],
  ])('are granted where impersonation comes: %s', async (_, path, mount) => {
    const given = parts()
    mount(given)
    expect(await ask(given.app, path)).toEqual(GRANTED)
  })

  it.each<[string, string, (parts: Parts) => unknown]>([
    ['it is nowhere', '/', ({ app, authn, who }) => app.use(authn).use(who)],
    [
      'it is below another path',
      '/plain',
      ({ app, authn, impersonate, who }) => app.use(authn).use('/api', impersonate).use(who),
    ],
    [
      'the path only begins alike',
      '/apis',
      ({ app, authn, impersonate, who }) => app.use(authn).use('/api', impersonate).use(who),
    ],
    [
      'the path of it counts capitals',
      '/API',
      ({ app, authn, impersonate, who }) =>
        app.enable('case sensitive routing').use(authn).use('/api', impersonate).use(who),
    ],
    [
      'a route answers first',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).get('/x', who).use(impersonate),
    ],
    [
      'a route of it has another method',
      '/x',
      ({ app, authn, impersonate, who }) => app.use(authn).post('/x', impersonate).get('/x', who),
    ],
    [
      'a router that has it is elsewhere',
      '/s/x',
      ({ app, router: r, authn, impersonate, who }) =>
        app.use(authn).use('/r', r().use(impersonate)).use(who),
    ],
    [
      'a router below the same path has it',
      '/r/y',
      ({ app, router: r, authn, impersonate, who }) =>
        app.use(authn).use('/r', r().use('/x', impersonate)).use(who),
    ],
    [
      'the router of a route answers first',
      '/r/x',
      ({ app, router: r, authn, impersonate, who }) =>
        app.use(authn).use('/r', r().get('/x', who)).use(impersonate),
    ],
    [
      'an app that is mounted has it',
      '/m/x',
      ({ app, make: m, authn, impersonate, who }) => app.use(authn).use('/m', m().use(impersonate).use(who)),
    ],
    [
      'it is in another function',
      '/',
      ({ app, authn, impersonate, who }) =>
        app
          .use(authn)
          .use((req, res, next) => impersonate(req, res, next))
          .use(who),
    ],
    [
      'authentication is in another function',
      '/',
      ({ app, authn, impersonate, who }) =>
        app
          .use((req, res, next) => authn(req, res, next))
          .use(impersonate)
          .use(who),
    ],
    [
      'it has the path of a mounted app, without its mount point',
      '/a/m/x',
      ({ app, make: m, authn, impersonate, who }) =>
        app.use('/a/m', m().use(authn).use('/m', impersonate).use(who)),
    ],
    [
      'it is beside the same one elsewhere',
      '/a/x',
      ({ app, authn, impersonate, who }) => app.use('/a', authn, who).use('/b', authn, impersonate),
    ],
    [
      'an error handler has it',
      '/',
      ({ app, authn, impersonate, who }) =>
        app
          .use(authn)
          .use((_e: unknown, req: express.Request, res: express.Response, next: express.NextFunction) =>
            impersonate(req, res, next),
          )
          .use(who),
    ],
  ])('are refused before any handler, where it does not come: %s', async (_, path, mount) => {
    const given = parts()
    mount(given)
    expect(await ask(given.app, path)).toEqual(REFUSED)
    expect(given.reached).toEqual([])
    // Without impersonation, everything works as before.
    expect((await ask(given.app, path, asJane)).status).toBe(200)
  })

  it.each(['http://h/x', '//h/x', '/x#y', String.raw`/x\y`, '*'])(
    'are refused for a target that can be read in several ways: %s',
    async (target) => {
      const { app, authn, impersonate, reached, who } = parts()
      app.use(authn).use('/x', impersonate).use(who)
      expect([400, 403, 404]).toContain((await ask(app, target, asSuperman, 'OPTIONS')).status)
      expect(reached).toEqual([])
    },
  )

  it('are refused where a router is in itself, and for a path that cannot be decoded', async () => {
    const { app, router: r, authn, who, impersonate } = parts()
    const circle = r()
    circle.use((req, _res, next) => (req.headers['x-turn'] === undefined ? next('router') : next()))
    circle.use(circle)
    app.use(authn).use(circle).use('/:x', impersonate).use(who)
    expect(await ask(app, '/x')).toEqual(REFUSED)
    const plain = parts()
    plain.app.use(plain.authn).use('/:x', plain.impersonate).use(plain.who)
    expect([400, 403]).toContain((await ask(plain.app, '/%ff')).status)
  })

  it('have no user where impersonation was found and did not run', async () => {
    const { app, authn, impersonate, reached, who } = parts()
    app.use(authn)
    app.use('/own', (req, res) => void res.send(typeof Reflect.get(req, 'user')))
    app.use('/authorized', authorization(alwaysAllow()), who)
    app.use(reviews(alwaysAllow()))
    app.use('/user', (req, res) => void res.send(getUser(req).username))
    app.use(impersonate)
    expect(await ask(app, '/own')).toEqual({ status: 200, body: 'undefined' })
    expect(await ask(app, '/authorized')).toEqual(REFUSED)
    expect((await ask(app, '/user')).status).toBe(403)
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    expect(await ask(app, path, asSuperman, 'POST')).toEqual(REFUSED)
    expect(reached).toEqual([])
  })

  it('have no user after an error, either', async () => {
    const { app, authn, impersonate } = parts()
    app.use(authn, (_req, _res, next) => next(new Error('failed')), impersonate)
    app.use((_error: unknown, req: express.Request, res: express.Response, _next: express.NextFunction) => {
      res.send(typeof Reflect.get(req, 'user'))
    })
    expect((await ask(app, '/')).body).toBe('undefined')
  })

  it('are the caller’s for the user option of impersonation', async () => {
    const { app, authn, who } = parts()
    app.use(authn)
    app.use(impersonation(alwaysAllow(), { user: (req) => getUser(req) }))
    app.use(who)
    expect(await ask(app, '/')).toEqual(GRANTED)
  })

  it.each<[string, (parts: Parts) => unknown]>([
    [
      'that another authentication follows',
      ({ app }) =>
        app.use(authentication(always('jane'), { onFailure: goOn }), authentication(always('joe'))),
    ],
    [
      'that the same authentication follows',
      ({ app, authn }) =>
        app.use(authn, impersonation(alwaysDeny(), { onFailure: goOn }), authentication(always('joe'))),
    ],
    [
      'that nothing follows',
      ({ app, authn }) =>
        app.use(authn, impersonation(alwaysDeny(), { onFailure: goOn }), authorization(alwaysAllow())),
    ],
  ])('stay without user after a refusal that onFailure lets pass: %s', async (_, mount) => {
    const given = parts()
    mount(given)
    given.app.use(given.who)
    expect((await ask(given.app, '/')).status).toBe(403)
    expect(given.reached).toEqual([])
  })

  it.each<[string, (parts: Parts) => unknown]>([
    ['another authentication', ({ app }) => app.use(authentication(always('joe')))],
    [
      'another one, and impersonation after it',
      ({ app, impersonate }) => app.use(authentication(always('joe')), impersonate),
    ],
    [
      'another one that waits for it',
      ({ app }) => app.use(authentication(always('joe'), { impersonationHeaders: 'later' })),
    ],
  ])('are not undone once they were granted, by %s', async (_, mount) => {
    const given = parts()
    given.app.use(given.authn, given.impersonate)
    mount(given)
    given.app.use(given.who)
    expect(await ask(given.app, '/')).toEqual(REFUSED)
    expect(given.reached).toEqual([])
  })

  it('are decided by the last of two authentications', async () => {
    for (const options of [{}, { impersonationHeaders: 'pass' }] satisfies AuthenticationOptions[]) {
      const { app, impersonate, who } = parts()
      app.use(authentication(always('jane'), options), authentication(always('joe')), impersonate, who)
      expect((await ask(app, '/')).body).toBe('true superman by joe')
    }
    const { app, reached, who } = parts()
    app.use(
      authentication(always('jane'), { impersonationHeaders: 'pass' }),
      authentication(always('joe')),
      who,
    )
    expect(await ask(app, '/')).toEqual(REFUSED)
    expect(reached).toEqual([])
  })

  it('are a 500 where impersonation comes before authentication', async () => {
    const { app, authn, impersonate, who } = parts()
    app.use(impersonate, authn, who)
    expect((await ask(app, '/')).status).toBe(500)
  })

  it('wait for what cannot be seen, with the option later', async () => {
    const { app, authn, impersonate, who } = parts({ impersonationHeaders: 'later' })
    app
      .use(authn)
      .use('/m', (req, res, next) => impersonate(req, res, next))
      .use(who)
    expect(await ask(app, '/m')).toEqual(GRANTED)
    expect((await ask(app, '/x')).status).toBe(403)
  })

  it('are the caller’s, with their headers, with the option pass', async () => {
    const { app, authn } = parts({ impersonationHeaders: 'pass' })
    app.use(
      authn,
      (req, res) => void res.send(`${getUser(req).username} ${String(req.headers['impersonate-user'])}`),
    )
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
    app.use(authn, impersonate, (req, res) => void res.json([req.rawHeaders, req.headers]))
    const twins = {
      ...asJane,
      Impersonate_User: 'superman',
      'Impersonate-Extra_a': 'b',
      'impersonate-uid': '',
    }
    expect((await ask(app, '/', twins)).body).not.toMatch(/impersonate/i)
  })
})

describe('requests that ask to act as another user, elsewhere than in Express', () => {
  it('are refused where nothing is known of what comes next', async () => {
    const [authn, impersonate] = [authentication(chain), impersonation(alwaysAllow())]
    const listener: RequestListener = (req, res) =>
      authn(req, res, () => impersonate(req, res, () => res.end(getUser(req).username)))
    expect(await ask(listener, '/')).toEqual(REFUSED)
    const told = authentication(chain, { impersonationHeaders: 'later' })
    const later: RequestListener = (req, res) =>
      told(req, res, () => impersonate(req, res, () => res.end(getUser(req).username)))
    expect(await ask(later, '/')).toEqual({ status: 200, body: 'superman' })
  })
})
