import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import {
  type Authenticator,
  authenticatorChain,
  type LogEntry,
  type Observer,
  rejected,
  type UserInfo,
  userInfo,
} from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { tokenFile } from '@kube-authn/core/token-file'
import { Router } from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { authentication, getAuthentication, getUser, requireScopes, requireUser } from './index.ts'
import type { AuthenticationOptions } from './authentication.ts'

const mount = createRequire(import.meta.url)('koa-mount') as (path: string, app: Middleware) => Middleware

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(app: Koa): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const chain = authenticatorChain({ tokens: [tokenFile(Buffer.from('good,jane,1,"a,b"\ntök,joe,2\n'))] })

function appWith(authenticator: Authenticator, options?: AuthenticationOptions): Koa {
  const app = new Koa()
  app.silent = true
  app.use(authentication(authenticator, options)).use((ctx) => {
    ctx.body = { user: getUser(ctx), same: ctx.state.user === getUser(ctx), headers: ctx.headers }
  })
  return app
}

describe('authentication below a mount point of koa-mount, with a route of @koa/router', () => {
  const routes = (router: Router, ...before: Middleware[]): Middleware => {
    for (const middleware of before) router.use('/admin', middleware)
    router.get('/admin/secret', (ctx) => {
      ctx.body = ctx.state['user'] === undefined ? 'unauthenticated' : 'authenticated'
    })
    return router.routes() as unknown as Middleware
  }
  const ask = async (path: string, ...middlewares: readonly Middleware[]): Promise<readonly unknown[]> => {
    const app = new Koa()
    app.silent = true
    for (const middleware of middlewares) app.use(middleware)
    const response = await fetch(`${await listen(app)}${path}`)
    return [response.status, response.status === 200 ? await response.text() : '']
  }
  const mounted = mount('/admin', authentication(chain))

  it('is not met by a path in capitals, unless the router is sensitive', async () => {
    expect(await ask('/admin/secret', mounted, routes(new Router()))).toEqual([401, ''])
    expect(await ask('/Admin/secret', mounted, routes(new Router()))).toEqual([200, 'unauthenticated'])
    expect(await ask('/Admin/secret', mounted, routes(new Router({ sensitive: true })))).toEqual([404, ''])
  })

  it('is met by it within the router', async () => {
    expect(await ask('/Admin/secret', routes(new Router(), authentication(chain)))).toEqual([401, ''])
  })
})

describe('authentication in Koa', () => {
  it.each([
    [undefined, []],
    [null, []],
    [{ name: 'clark' }, ['KUBE_AUTHN_USER_REPLACED']],
  ])('says once that it replaced the user %j of an earlier middleware', async (user, expected) => {
    const entries: LogEntry[] = []
    const always: Authenticator = {
      name: 'always',
      authenticate: () => ({ user: userInfo({ username: 'jane' }) }),
    }
    const app = new Koa()
    app
      .use((ctx, next) => {
        ctx.state['user'] = user
        return next()
      })
      .use(authentication(always, { log: (entry) => void entries.push(entry) }))
      .use(authentication(always, { log: (entry) => void entries.push(entry) }))
      .use((ctx) => void (ctx.body = ctx.state.user.username))
    const response = await fetch(await listen(app))
    expect(await response.text()).toBe('jane')
    expect(entries.map(({ code }) => code)).toEqual(expected)
  })

  it('lets a known user pass, without the header that carried the credential', async () => {
    const response = await fetch(await listen(appWith(chain)), {
      headers: { authorization: 'Bearer good', 'x-remote-user': 'root', 'x-kept': 'yes' },
    })
    expect(response.status).toBe(200)
    const body = (await response.json()) as { headers: Record<string, string> }
    expect(body).toMatchObject({
      user: { username: 'jane', groups: ['a', 'b', 'system:authenticated'] },
      same: true,
    })
    expect(body.headers).toMatchObject({ 'x-kept': 'yes' })
    expect(Object.keys(body.headers)).not.toContain('authorization')
    expect(Object.keys(body.headers)).not.toContain('x-remote-user')
  })

  it('tells the observer the status of every answer, also of a refusal', async () => {
    const observer = vi.fn<Observer>()
    const origin = await listen(appWith(chain, { observer }))
    await fetch(origin, { headers: { authorization: 'Bearer good' } })
    await fetch(origin, { headers: { authorization: 'Bearer bad' } })
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([200, 401])
  })

  it('tells the observer of a client who goes away before an answer', async () => {
    const told: string[] = []
    const client = new AbortController()
    const app = new Koa()
    const isGone = new Promise<void>((resolve) => {
      app.use(async (ctx, next) => {
        ctx.res.once('close', () => setTimeout(resolve, 20))
        setTimeout(() => client.abort(), 20)
        await next()
      })
    })
    const observer: Observer = (event) => {
      if (event.type === 'request') told.push(event.result)
      if (event.type === 'response') told.push(String(event.status))
    }
    app.use(authentication(chain, { observer })).use(() => new Promise(() => {}))
    const init = { headers: { authorization: 'Bearer good' }, signal: client.signal }
    await Promise.all([isGone, fetch(await listen(app), init).catch(() => {})])
    expect(told).toEqual(['success', '499'])
  })

  it('compares tokens byte by byte', async () => {
    const origin = await listen(appWith(chain))
    const as = (token: Buffer): Promise<number> =>
      fetch(origin, { headers: { authorization: `Bearer ${token.toString('latin1')}` } }).then(
        ({ status }) => status,
      )
    expect(await as(Buffer.from('tök', 'utf8'))).toBe(200)
    expect(await as(Buffer.from('tök', 'latin1'))).toBe(401)
  })

  it.each([
    { what: 'no credential', authenticator: chain },
    {
      what: 'a rejection',
      authenticator: {
        name: 'no',
        authenticate: () => {
          throw rejected('secret reason')
        },
      },
    },
    {
      what: 'a fault',
      authenticator: { name: 'no', authenticate: () => Promise.reject(new Error('secret reason')) },
    },
  ])('answers $what with one opaque Status', async ({ authenticator }) => {
    const response = await fetch(await listen(appWith(authenticator)))
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-cache, private')
    expect(await response.json()).toMatchObject({ kind: 'Status', message: 'Unauthorized', code: 401 })
  })

  it.each([
    {
      what: 'throws',
      onFailure: (error: Error) => {
        throw error
      },
    },
    { what: 'rejects', onFailure: (error: Error) => Promise.reject(error) },
  ])('lets Koa render the failure when onFailure $what', async ({ onFailure }) => {
    const app = appWith(chain, { onFailure })
    const seen: unknown[] = []
    app.on('error', (error) => seen.push(error))
    const response = await fetch(await listen(app))
    expect(seen).toEqual([expect.any(StatusError)])
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="kubernetes-master"')
    expect(await response.text()).toBe('Unauthorized')
  })

  it('lets an error middleware above it see the failure when onFailure throws', async () => {
    const app = new Koa()
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        ctx.status = (error as StatusError).status
        ctx.body = 'caught'
      }
    })
    app.use(
      authentication(chain, {
        onFailure: (error) => {
          throw error
        },
      }),
    )
    const response = await fetch(await listen(app))
    expect([response.status, await response.text()]).toEqual([401, 'caught'])
  })

  it('sends warnings of authenticators', async () => {
    const response = await fetch(await listen(appWith(chain)), { headers: { authorization: 'Bearer  good' } })
    expect(response.headers.get('warning')).toMatch(/^299 - ".*extra space.*"$/)
  })

  it('types the user when chained, and wherever there is a context', () => {
    new Koa().use(authentication(chain)).use((ctx) => {
      expectTypeOf(ctx.state.user).toEqualTypeOf<UserInfo>()
      expectTypeOf(getUser(ctx)).toEqualTypeOf<UserInfo>()
    })
    expect(() => getAuthentication({ req: {} } as never)).toThrow('did not run')
  })

  it('types the user after a guard', () => {
    new Koa().use(requireUser()).use((ctx) => {
      expectTypeOf(ctx.state.user).toEqualTypeOf<UserInfo>()
    })
    new Koa()
      .use(authentication(chain))
      .use(requireScopes('read'))
      .use((ctx) => {
        expectTypeOf(ctx.state.user.groups).toEqualTypeOf<readonly string[]>()
      })
    expect(requireUser()).toBeTypeOf('function')
  })

  it('is refused where the authenticator needs client certificates and the runtime does not tell them', () => {
    const clientCertificate: Authenticator = {
      name: 'clientCertificate',
      credentials: { schemes: [], peerCertificates: true },
      authenticate: () => undefined,
    }
    expect(authentication(clientCertificate)).toBeTypeOf('function')
    vi.stubGlobal('Bun', {})
    expect(() => authentication(clientCertificate)).toThrow(/needs the certificates of TLS peers/)
    expect(authentication(chain)).toBeTypeOf('function')
  })
})
