import { get, type RequestListener } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Authenticator, UserInfo } from '@kube-authn/core'
import { fakeAuthenticator } from '@kube-authn/testing'
import Koa from 'koa'
import { KoaPassport } from 'koa-passport'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listen, tokens, chain, later, bearer, password } from '../test/apps.ts'
import { getUser, httpBearer, Strategy } from './index.ts'

describe('Strategy in koa-passport', () => {
  function koaApp(authenticator: Authenticator): RequestListener {
    const own = new KoaPassport()
    own.use(new Strategy(authenticator))
    const app = new Koa()
      .use(own.initialize())
      .use(own.authenticate('kube-authn', { session: false }))
      .use((ctx) => {
        const { username } = getUser(ctx)
        ctx.body = [
          username,
          ctx.state['user'] === getUser(ctx.req),
          ctx.get('authorization'),
          ctx.req.rawHeaders.includes('Bearer good'),
        ]
      })
    const handle = app.callback()
    return (req, res) => void handle(req, res)
  }

  it.each([
    { when: 'at once', authenticator: chain },
    { when: 'later', authenticator: later(chain) },
  ])('knows a user $when, and fails with a challenge', async ({ authenticator }) => {
    const origin = await listen(koaApp(authenticator))
    const known = await fetch(origin, bearer('good'))
    expect([known.status, await known.json()]).toEqual([200, ['jane', true, '', false]])
    const unknown = await fetch(origin, bearer('wrong'))
    expect(unknown.status).toBe(401)
    expect(unknown.headers.get('www-authenticate')).toContain('invalid_token')
    expect(await unknown.text()).toBe('Unauthorized')
  })

  it('reads repeated headers exactly, as only Node’s own request has them', async () => {
    const seen: (readonly string[])[] = []
    const reads = fakeAuthenticator((request) => {
      seen.push(request.headers.all('x-group'))
      return undefined
    })
    const origin = await listen(koaApp(reads))
    await new Promise((resolve) => get(origin, { headers: { 'X-Group': ['a', 'b, c'] } }, resolve))
    expect(seen).toEqual([['a', 'b, c']])
  })

  it.each([
    { what: 'a user', token: 'good', expected: [200, 'jane'] },
    {
      what: 'a failure',
      token: 'wrong',
      expected: [
        401,
        'Basic realm="kubernetes-master", Bearer realm="kubernetes-master", error="invalid_token"',
      ],
    },
  ])('tells a callback of $what', async ({ token, expected }) => {
    const own = new KoaPassport()
    own.use(new Strategy(later(chain)))
    const app = new Koa().use(async (ctx, next) => {
      const authenticate = own.authenticate('kube-authn', { session: false }, (error, user, info, status) => {
        if (error !== null) throw error
        ctx.status = typeof status === 'number' ? status : 200
        ctx.body = user === false ? String(info) : getUser(ctx).username
      })
      await authenticate(ctx, next)
    })
    const handle = app.callback()
    const response = await fetch(await listen((req, res) => void handle(req, res)), bearer(token))
    expect([response.status, await response.text()]).toEqual(expected)
  })

  it('has the account of the app in the state, and answers a fault of it with 500', async () => {
    const own = new KoaPassport()
    const accounts: Readonly<Record<string, object>> = { jane: { id: 7 } }
    const user = ({ username }: UserInfo): object => {
      const account = accounts[username]
      if (account === undefined) throw new TypeError('secret reason')
      return account
    }
    own.use(new Strategy(chain, { user }))
    const app = new Koa()
      .use(own.authenticate('kube-authn', { session: false, assignProperty: 'account' }))
      .use((ctx) => {
        ctx.body = ctx.state['account']
      })
    app.silent = true
    const handle = app.callback()
    const origin = await listen((req, res) => void handle(req, res))
    expect(await (await fetch(origin, bearer('good'))).json()).toEqual({ id: 7 })
    const response = await fetch(origin, password('joe', 'pw'))
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error'])
  })

  it('has the strategy of passport-http-bearer too', async () => {
    const own = new KoaPassport()
    own.use(httpBearer(tokens))
    const app = new Koa().use(own.authenticate('bearer', { session: false })).use((ctx) => {
      ctx.body = getUser(ctx).username
    })
    const handle = app.callback()
    const origin = await listen((req, res) => void handle(req, res))
    expect(await (await fetch(origin, bearer('good'))).text()).toBe('jane')
    expect((await fetch(origin, { headers: { authorization: 'Bearer a b' } })).status).toBe(401)
  })

  it('closes an HTTP/2 connection after an unauthenticated request, as every adapter does', async () => {
    const server = createHttp2Server(koaApp(chain) as never)
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => session.close())
    const goaway = new Promise((resolve) => session.once('goaway', resolve))
    const status = await new Promise((resolve) => {
      session
        .request({ ':path': '/' })
        .on('response', (headers) => resolve(headers[':status']))
        .end()
    })
    expect(status).toBe(401)
    await goaway
  })
})
