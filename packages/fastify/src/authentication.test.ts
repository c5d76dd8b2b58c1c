import { type AddressInfo, connect } from 'node:net'
import {
  type Authenticator,
  authenticatorChain,
  ConfigurationError,
  type Observer,
  rejected,
  unavailable,
  type UserInfo,
} from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { fastify, type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, authorization, getAuthentication, getUser } from './index.ts'
import type { AuthenticationOptions } from './authentication.ts'

const chain = authenticatorChain({ tokens: [tokenFile(Buffer.from('good,jane,1,"a,b"\ntök,joe,2\n'))] })
const later: Authenticator = {
  name: 'later',
  authenticate: async (request, context) => {
    await Promise.resolve()
    return chain.authenticate(request, context)
  },
}
const good = { authorization: 'Bearer good' }

const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

function make(options: FastifyServerOptions = {}): FastifyInstance {
  const app = fastify(options)
  apps.push(app)
  return app
}

const show = (request: FastifyRequest & { user?: UserInfo }) => ({
  user: request.user,
  same: request.user === getUser(request) && getUser(request) === getAuthentication(request).user,
  headers: request.headers,
  raw: request.raw.rawHeaders,
})

function appWith(authenticator: Authenticator = chain, options?: AuthenticationOptions): FastifyInstance {
  const app = make()
  void app.register(authentication(authenticator, options))
  app.get('/', show)
  return app
}

describe('authentication in Fastify', () => {
  it.each([
    { when: 'at once', authenticator: chain },
    { when: 'later', authenticator: later },
  ])('lets a known user pass who is known $when', async ({ authenticator }) => {
    const response = await appWith(authenticator).inject({ url: '/', headers: good })
    expect([response.statusCode, response.json()]).toEqual([
      200,
      expect.objectContaining({
        user: { username: 'jane', uid: '1', groups: ['a', 'b', 'system:authenticated'], extra: {} },
        same: true,
      }),
    ])
  })

  it('shows the app no header that carried a credential or an identity', async () => {
    const headers = { ...good, 'x-remote-user': 'root', 'X-Remote-Extra-Scopes': 'all', 'x-kept': 'yes' }
    const { body } = await appWith().inject({ url: '/', headers })
    expect(body.toLowerCase()).not.toMatch(/authorization|bearer|x-remote/)
    expect(JSON.parse(body)).toMatchObject({ headers: { 'x-kept': 'yes' } })
  })

  it('compares tokens byte by byte, and takes the first of two Authorization headers', async () => {
    const app = appWith()
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const ask = (...lines: readonly Buffer[]): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1')
        const sent = lines.map((line) =>
          Buffer.concat([Buffer.from('Authorization: Bearer '), line, Buffer.from('\r\n')]),
        )
        socket.write(
          Buffer.concat([
            Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'),
            ...sent,
            Buffer.from('\r\n'),
          ]),
        )
        let text = ''
        socket.on('data', (data) => (text += data.toString()))
        socket.on('close', () => resolve(text.slice(9, 12)))
        socket.on('error', reject)
      })
    expect(await ask(Buffer.from('tök'))).toBe('200')
    expect(await ask(Buffer.from('tök', 'latin1'))).toBe('401')
    expect(await ask(Buffer.from('good'), Buffer.from('bad'))).toBe('200')
    expect(await ask(Buffer.from('bad'), Buffer.from('good'))).toBe('401')
  })

  it.each([
    { what: 'no credential', headers: {} },
    { what: 'a wrong token', headers: { authorization: 'Bearer wrong' } },
    { what: 'another scheme', headers: { authorization: 'Basic am9lOnB3' } },
    { what: 'a proxy header', headers: { 'x-remote-user': 'root' } },
    { what: 'a token that is too long', headers: { authorization: `Bearer ${'x'.repeat(10_000)}` } },
  ])('answers $what with one opaque Status', async ({ headers }) => {
    const response = await appWith().inject({ url: '/', headers })
    expect(response.statusCode).toBe(401)
    expect(response.headers['content-type']).toMatch(/^application\/json(?:;|$)/)
    expect(response.headers['cache-control']).toBe('no-cache, private')
    expect(response.headers['www-authenticate']).toMatch(/^Bearer realm="kubernetes-master"/)
    expect(response.json()).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    })
  })

  it.each([
    {
      what: 'rejects now',
      fail: () => {
        throw rejected('secret reason')
      },
    },
    { what: 'rejects later', fail: () => Promise.reject(rejected('secret reason')) },
    { what: 'could not tell', fail: () => Promise.reject(unavailable('secret reason')) },
    { what: 'has a fault', fail: () => Promise.reject(new TypeError('secret reason')) },
    { what: 'throws no error', fail: () => Promise.reject('secret reason') },
  ])('answers 401 and says nothing more when the authenticator $what', async ({ fail }) => {
    const response = await appWith({ name: 'failing', authenticate: fail }).inject('/')
    expect([response.statusCode, response.body.includes('secret')]).toEqual([401, false])
  })

  it('decides before the body is read, and on paths without a route', async () => {
    const parse = vi.fn((_request: unknown, _body: unknown, done: (error: null, body: string) => void) =>
      done(null, ''),
    )
    const app = appWith()
    app.addContentTypeParser('text/x', { parseAs: 'string' }, parse)
    app.post('/', show)
    const post = (headers: object) =>
      app.inject({
        method: 'POST',
        url: '/',
        payload: 'x',
        headers: { 'content-type': 'text/x', ...headers },
      })
    expect((await post({})).statusCode).toBe(401)
    expect(parse).not.toHaveBeenCalled()
    expect((await post(good)).statusCode).toBe(200)
    expect(parse).toHaveBeenCalledTimes(1)
    expect((await app.inject('/nowhere')).statusCode).toBe(401)
    expect((await app.inject({ url: '/nowhere', headers: good })).statusCode).toBe(404)
    expect((await app.inject({ method: 'HEAD', url: '/' })).statusCode).toBe(401)
  })

  it('sends refusals through the hooks of the app', async () => {
    const app = appWith()
    app.addHook('onSend', async (_request, reply) => void reply.header('x-seen', 'yes'))
    expect((await app.inject('/')).headers['x-seen']).toBe('yes')
  })

  it('leaves the refusal to the error handler if onFailure throws it, now or later', async () => {
    for (const onFailure of [
      (error: StatusError): never => {
        throw error
      },
      async (error: StatusError): Promise<never> => {
        await Promise.resolve()
        throw error
      },
    ]) {
      const app = appWith(chain, { onFailure })
      const response = await app.inject('/')
      expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="kubernetes-master"',
      ])
      const other = appWith(chain, { onFailure })
      other.setErrorHandler((error, _request, reply) =>
        reply.code(418).send(error instanceof StatusError ? error.body.reason : 'other'),
      )
      const caught = await other.inject('/')
      expect([caught.statusCode, caught.body]).toEqual([418, 'Unauthorized'])
    }
  })

  it.each([undefined, null, 'text'])('lets no request pass if onFailure throws %o', async (thrown) => {
    const reached = vi.fn(() => 'reached')
    const app = make()
    void app.register(
      authentication(chain, {
        onFailure: () => {
          // A JavaScript app may throw a value that is not an error.
          throw thrown as unknown as Error
        },
      }),
    )
    app.get('/', reached)
    expect((await app.inject('/')).statusCode).toBe(500)
    expect(reached).not.toHaveBeenCalled()
  })

  it('tells the observer the status of every answer, also of a refusal and of an error', async () => {
    const observer = vi.fn<Observer>()
    const app = appWith(chain, { observer })
    app.get('/broken', () => Promise.reject(new Error('broken')))
    await app.inject({ url: '/', headers: good })
    await app.inject('/')
    await app.inject({ url: '/broken', headers: good })
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([200, 401, 500])
  })

  it('reads the target that was sent, not one that the app rewrites', async () => {
    const paths: string[] = []
    const app = make({ rewriteUrl: () => '/' })
    const watching: Authenticator = {
      name: 'watching',
      authenticate(request) {
        paths.push(request.path, request.query)
        return undefined
      },
    }
    void app.register(authentication(watching))
    app.get('/', show)
    expect((await app.inject('/sent?a=b')).statusCode).toBe(401)
    expect(paths).toEqual(['/sent', 'a=b'])
  })

  it.each([
    ['no authenticator', () => authentication(undefined as never)],
    ['an unknown option', () => authentication(chain, { realms: 'a' } as never)],
  ])('refuses %s at once', (_what, call) => {
    expect(call).toThrow(ConfigurationError)
  })
})

describe('a scope of Fastify', () => {
  const api = async (scope: FastifyInstance): Promise<void> => {
    await scope.register(authentication(chain))
    scope.get('/', show)
    await scope.register(async (inner) => void inner.get('/inner', show))
  }

  it('is protected with its inner scopes, and no sibling or outer scope is', async () => {
    const app = make()
    app.get('/outer', () => 'outer')
    await app.register(async (sibling) => void sibling.get('/before', () => 'before'))
    await app.register(api, { prefix: '/api' })
    await app.register(async (sibling) => void sibling.get('/after', () => 'after'))
    for (const path of ['/api', '/api/', '/api/inner']) {
      expect([path, (await app.inject(path)).statusCode]).toEqual([path, 401])
      expect((await app.inject({ url: path, headers: good })).json()).toMatchObject({ same: true })
    }
    for (const path of ['/outer', '/before', '/after']) {
      const response = await app.inject({ url: path, headers: good })
      expect([response.statusCode, response.body]).toEqual([200, path.slice(1)])
    }
  })

  it('has its own authenticator', async () => {
    const app = make()
    for (const name of ['jane', 'joe']) {
      const own = authenticatorChain({ tokens: [tokenFile(`of-${name},${name},1\n`)] })
      await app.register(
        async (scope) => {
          await scope.register(authentication(own))
          scope.get('/', (request) => getUser(request).username)
        },
        { prefix: `/${name}` },
      )
    }
    const as = async (path: string, token: string) => {
      const { statusCode, body } = await app.inject({
        url: path,
        headers: { authorization: `Bearer ${token}` },
      })
      return statusCode === 200 ? body : statusCode
    }
    expect(await as('/jane', 'of-jane')).toBe('jane')
    expect(await as('/joe', 'of-joe')).toBe('joe')
    expect(await as('/jane', 'of-joe')).toBe(401)
  })

  it('is protected with the routes that were added before', async () => {
    const app = make()
    app.get('/', show)
    await app.register(authentication(chain))
    app.get('/after', show)
    expect((await app.inject('/')).statusCode).toBe(401)
    expect((await app.inject('/after')).statusCode).toBe(401)
  })

  it('keeps a decorator that the app already has for the user', async () => {
    const app = make()
    app.decorateRequest<UserInfo | null>('user', null)
    await app.register(authentication(chain))
    await app.register(async (inner) =>
      inner.register(authentication(chain, { onFailure: (_e, _r, _p, next) => next() })),
    )
    app.get('/', show)
    expect((await app.inject({ url: '/', headers: good })).json()).toMatchObject({ same: true })
  })
})

describe('getUser in Fastify', () => {
  it('explains that authentication did not run, which is not the fault of the client', async () => {
    const app = make()
    app.get('/', (request) => getUser(request).username)
    const thrown = vi.fn()
    app.setErrorHandler((error, _request, reply) => {
      thrown(error)
      return reply.code(500).send()
    })
    expect((await app.inject({ url: '/', headers: good })).statusCode).toBe(500)
    expect(thrown.mock.calls[0]?.[0]).toMatchObject({
      message: expect.stringContaining(
        'authentication did not run for this request: app.register(authentication(...))',
      ),
    })
    expect(thrown.mock.calls[0]?.[0]).not.toBeInstanceOf(StatusError)
  })

  it('knows no user of a copy of the request', async () => {
    const app = make()
    await app.register(authentication(chain))
    app.get('/', (request) => {
      expect(() => getUser({ raw: Object.assign({}, request.raw) })).toThrow('did not run')
      return 'ok'
    })
    expect((await app.inject({ url: '/', headers: good })).body).toBe('ok')
  })
})

it('fits every server of Fastify', async () => {
  const app = fastify({ http2: true })
  await app.register(authentication(chain))
  app.addHook('onRequest', authorization(alwaysAllow()))
  app.get('/', (request) => getUser(request).username)
  expect((await app.inject('/')).statusCode).toBe(401)
  await app.close()
})
