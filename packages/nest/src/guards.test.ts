import 'reflect-metadata'
import {
  type Authenticator,
  authenticatorChain,
  ConfigurationError,
  type Observer,
  type UserInfo,
} from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { allow, alwaysAllow, type Authorizer, deny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  type INestApplication,
  Module,
  Param,
  Req,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { guardOf } from './guard.ts'
import {
  authenticationGuard,
  authorizationGuard,
  getAuthentication,
  getUser,
  impersonationGuard,
  Public,
  User,
} from './index.ts'

const chain = authenticatorChain({ tokens: [tokenFile('good,jane,1,"a,b"\n')] })
const good = { authorization: 'Bearer good' }
const unlessRoot: Authorizer = {
  name: 'unless-root',
  authorize: ({ name }) => (name === 'root' ? deny('not that one') : allow()),
}

const apps: INestApplication[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

interface Shown {
  user?: UserInfo
  headers: object
}

/** Decorates a method, since the sources of this project have no decorators. */
function decorate(target: object, name: string, ...decorators: readonly MethodDecorator[]): void {
  for (const each of decorators) each(target, name, Object.getOwnPropertyDescriptor(target, name) ?? {})
}

const platforms = [
  { platform: 'Express', adapter: () => new ExpressAdapter() },
  { platform: 'Fastify', adapter: () => new FastifyAdapter() },
]

describe.each(platforms)('the guards in Nest on $platform', ({ adapter }) => {
  /** @param ofRoute the guards of one route. */
  async function start(guards: readonly CanActivate[], ofRoute: readonly CanActivate[] = []) {
    class Users {
      me(user: UserInfo, shown: Shown) {
        return {
          user,
          same: user === shown.user && user === getUser(shown) && user === getAuthentication(shown).user,
          requester: getAuthentication(shown).requester?.username,
          headers: shown.headers,
        }
      }

      health(shown: Shown) {
        return { isKnown: shown.user !== undefined }
      }

      broken(user: UserInfo) {
        return user
      }

      item(id: string) {
        return { id }
      }
    }
    class Root {
      readonly name = 'root'
    }
    User()(Users.prototype, 'me', 0)
    Req()(Users.prototype, 'me', 1)
    decorate(Users.prototype, 'me', Get('me'))
    Req()(Users.prototype, 'health', 0)
    decorate(Users.prototype, 'health', Public(), Get('healthz'))
    User()(Users.prototype, 'broken', 0)
    decorate(Users.prototype, 'broken', Public(), Get('broken'))
    Param('id')(Users.prototype, 'item', 0)
    decorate(Users.prototype, 'item', Get('items/:id'), UseGuards(...ofRoute))
    Controller()(Users)
    Module({ controllers: [Users] })(Root)
    const app = await NestFactory.create(Root, adapter(), { logger: false, abortOnError: false })
    apps.push(app)
    app.useGlobalGuards(...guards)
    await app.listen(0, '127.0.0.1')
    const url = await app.getUrl()
    return (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers })
  }

  it('give a controller the user, and no credential', async () => {
    const ask = await start([authenticationGuard(chain)])
    const response = await ask('/me', { ...good, 'x-remote-user': 'root', 'x-kept': 'yes' })
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text.toLowerCase()).not.toMatch(/authorization|bearer|x-remote/)
    expect(JSON.parse(text)).toMatchObject({
      user: { username: 'jane', uid: '1', groups: ['a', 'b', 'system:authenticated'], extra: {} },
      same: true,
      headers: { 'x-kept': 'yes' },
    })
  })

  it.each([
    ['no credential', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['a proxy header', { 'x-remote-user': 'root' }],
  ])('answer %s with a Status and a challenge', async (_what, headers) => {
    const ask = await start([authenticationGuard(chain)])
    const response = await ask('/me', headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="kubernetes-master"/)
    expect(response.headers.get('cache-control')).toBe('no-cache, private')
    expect(await response.json()).toMatchObject({ kind: 'Status', message: 'Unauthorized', code: 401 })
  })

  it('let public routes pass, which have no user', async () => {
    const ask = await start([
      authenticationGuard(chain),
      authorizationGuard(unlessRoot),
      impersonationGuard(unlessRoot),
    ])
    for (const headers of [{}, good]) {
      expect(await (await ask('/healthz', headers)).json()).toEqual({ isKnown: false })
    }
    expect((await ask('/broken', good)).status).toBe(500)
  })

  it('ask the authorizer about attributes of the app, per route', async () => {
    const attributes = (context: ExecutionContext) => {
      const { params } = context.switchToHttp().getRequest<{ params: { id: string } }>()
      return { verb: 'get', resource: 'items', name: params.id }
    }
    const ask = await start([authenticationGuard(chain)], [authorizationGuard(unlessRoot, { attributes })])
    expect(await (await ask('/items/7', good)).json()).toEqual({ id: '7' })
    const denied = await ask('/items/root', good)
    expect([denied.status, await denied.json()]).toEqual([
      403,
      expect.objectContaining({ reason: 'Forbidden' }),
    ])
    expect((await ask('/items/7')).status).toBe(401)
  })

  it('let no request pass without a user', async () => {
    const ask = await start([authorizationGuard(alwaysAllow())])
    expect((await ask('/me', good)).status).toBe(500)
    const other = await start([authorizationGuard(alwaysAllow(), { user: () => undefined })])
    expect((await other('/me', good)).status).toBe(500)
    const without = await start([])
    expect((await without('/me', good)).status).toBe(500)
  })

  it('impersonate where that is announced, and refuse to where it is not', async () => {
    const asking = (user: string) => ({ ...good, 'impersonate-user': user })
    const ask = await start([
      authenticationGuard(chain, { impersonationHeaders: 'later' }),
      impersonationGuard(unlessRoot),
    ])
    expect(await (await ask('/me', asking('bob'))).json()).toMatchObject({
      user: { username: 'bob' },
      same: true,
      requester: 'jane',
    })
    expect((await ask('/me', asking('root'))).status).toBe(403)
    const unannounced = await start([authenticationGuard(chain), impersonationGuard(unlessRoot)])
    expect((await unannounced('/me', asking('bob'))).status).toBe(403)
    const missing = await start([authenticationGuard(chain, { impersonationHeaders: 'later' })])
    expect((await missing('/me', asking('bob'))).status).toBe(403)
    expect(await (await missing('/healthz', asking('bob'))).json()).toEqual({ isKnown: false })
  })

  it('leave a refusal to onFailure', async () => {
    const seen: unknown[] = []
    const onFailure = (error: StatusError, context: ExecutionContext) => {
      seen.push(error.status, context.getHandler().name)
      return context.switchToHttp().getRequest<{ url: string }>().url === '/items/7'
    }
    const ask = await start([authenticationGuard(chain, { onFailure })])
    expect((await ask('/items/7')).status).toBe(200)
    expect((await ask('/items/8')).status).toBe(403)
    expect(seen).toEqual([401, 'item', 401, 'item'])
  })

  it('throw an exception whose cause is the error, for filters of the app', async () => {
    const caught: unknown[] = []
    const watching: CanActivate = {
      async canActivate(context) {
        try {
          return (await authenticationGuard(chain).canActivate(context)) === true
        } catch (error) {
          caught.push(error)
          throw error
        }
      },
    }
    const ask = await start([watching])
    expect((await ask('/me')).status).toBe(401)
    expect(caught[0]).toBeInstanceOf(HttpException)
    expect((caught[0] as Error).cause).toBeInstanceOf(StatusError)
  })

  it('answer 401 and say nothing more when the authenticator fails', async () => {
    const failing: Authenticator = {
      name: 'failing',
      authenticate: () => Promise.reject(new TypeError('secret reason')),
    }
    const ask = await start([authenticationGuard(failing)])
    const response = await ask('/me')
    expect([response.status, (await response.text()).includes('secret')]).toEqual([401, false])
  })

  it('let no request pass when a decision fails', async () => {
    const broken = (): never => {
      throw new TypeError('secret reason')
    }
    const authorize = () => Promise.reject(new TypeError('secret reason'))
    const failing: readonly CanActivate[] = [
      authorizationGuard(alwaysAllow(), { attributes: broken }),
      authorizationGuard(alwaysAllow(), { user: broken }),
      authorizationGuard({ name: 'broken', authorize }),
      impersonationGuard(alwaysAllow(), { user: broken }),
    ]
    for (const guard of failing) {
      const ask = await start([authenticationGuard(chain), guard])
      const response = await ask('/me', good)
      expect([response.status, (await response.text()).includes('secret')]).toEqual([500, false])
    }
  })

  it('tell the observer the status of every answer', async () => {
    const observer = vi.fn<Observer>()
    const ask = await start([authenticationGuard(chain, { observer })])
    const statuses = () =>
      observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    await ask('/me', good)
    await vi.waitFor(() => expect(statuses()).toEqual([200]))
    await ask('/me')
    await vi.waitFor(() => expect(statuses()).toEqual([200, 401]))
  })
})

describe('a guard', () => {
  it('lets nothing pass that is not HTTP', async () => {
    const context = {
      getType: () => 'ws',
      getHandler: () => () => undefined,
      getClass: () => StatusError,
      switchToHttp: () => ({ getRequest: () => ({}), getResponse: () => ({}) }),
    }
    const deciding = async () =>
      authenticationGuard(chain).canActivate(context as unknown as ExecutionContext)
    await expect(deciding()).rejects.toThrow('this is a context of ws')
  })

  it.each([new Error('broken'), 'route', null, 0, false])(
    'lets nothing pass if the decision fails with %j',
    async (thrown) => {
      const context = {
        getType: () => 'http',
        getHandler: () => () => undefined,
        getClass: () => StatusError,
        switchToHttp: () => ({
          getRequest: () => ({ rawHeaders: [], httpVersionMajor: 1 }),
          getResponse: () => ({ setHeader: () => undefined, statusCode: 200 }),
        }),
      }
      const { canActivate } = guardOf((_req, _res, next) => next(thrown), { onFailure: () => true })
      await expect(canActivate(context as unknown as ExecutionContext)).rejects.toThrow(
        thrown instanceof Error ? 'broken' : 'the decision failed',
      )
    },
  )

  it.each([
    ['no authenticator', () => authenticationGuard(undefined as never)],
    ['an unknown option', () => authenticationGuard(chain, { realms: 'a' } as never)],
    ['no authorizer', () => authorizationGuard(undefined as never)],
    ['no authorizer of impersonation', () => impersonationGuard(undefined as never)],
  ])('is not made with %s', (_what, make) => {
    expect(make).toThrow(ConfigurationError)
  })
})

describe('getUser in Nest', () => {
  it.each([{}, { raw: {} }, { rawHeaders: [], httpVersionMajor: 1, headers: {} }])(
    'explains that no guard ran: %j',
    (request) => {
      expect(() => getUser(request)).toThrow('authenticationGuard(...) did not run for this request')
      expect(() => getUser(request)).not.toThrow(StatusError)
    },
  )
})
