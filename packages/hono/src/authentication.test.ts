import { type AddressInfo, connect } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import {
  type Authentication,
  type Authenticator,
  authenticatorChain,
  type LogEntry,
  type Observer,
  rejected,
  type UserInfo,
  userInfo,
} from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { cloudflareClientCertificate } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import { Hono } from 'hono'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  authentication,
  type AuthenticationEnv,
  getAuthentication,
  getUser,
  requireGroups,
  requireUser,
} from './index.ts'
import type { AuthenticationOptions } from './authentication.ts'

const chain = authenticatorChain({ tokens: [tokenFile(Buffer.from('good,jane,1,"a,b"\ntök,joe,2\n'))] })

function appWith(authenticator: Authenticator, options?: AuthenticationOptions) {
  return new Hono().use(authentication(authenticator, options)).get('/', (c) =>
    c.json({
      user: c.var.user,
      same: c.var.user === getUser(c),
      headers: c.req.header(),
      raw: [...c.req.raw.headers],
    }),
  )
}

const servers: ServerType[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(fetch: Parameters<typeof serve>[0]['fetch']): Promise<string> {
  const server = await new Promise<ServerType>((resolve) => {
    const starting = serve({ fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(starting))
  })
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ways: {
  way: string
  ask: (app: Hono<never> | ReturnType<typeof appWith>, init?: RequestInit) => Promise<Response>
}[] = [
  { way: 'plain Fetch requests', ask: async (app, init) => app.request('http://localhost/', init) },
  { way: '@hono/node-server', ask: async (app, init) => fetch(await listen(app.fetch), init) },
]

describe.each(ways)('authentication in Hono with $way', ({ ask }) => {
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
    const app = new Hono<{ Variables: { user: unknown } }>()
      .use((c, next) => {
        c.set('user', user)
        return next()
      })
      .use(authentication(always, { log: (entry) => void entries.push(entry) }))
      .use(authentication(always, { log: (entry) => void entries.push(entry) }))
      .get('/', (c) => c.text(c.var.user.username))
    const response = await ask(app)
    expect(await response.text()).toBe('jane')
    expect(entries.map(({ code }) => code)).toEqual(expected)
  })

  it('lets a known user pass, without the header that carried the credential', async () => {
    const response = await ask(appWith(chain), {
      headers: {
        authorization: 'Bearer good',
        'x-remote-user': 'root',
        'x-remote-extra-scopes': 'all',
        'x-kept': 'yes',
      },
    })
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text).not.toMatch(/authorization|x-remote/)
    expect(JSON.parse(text)).toMatchObject({
      user: { username: 'jane', groups: ['a', 'b', 'system:authenticated'] },
      same: true,
      headers: { 'x-kept': 'yes' },
    })
  })

  it('writes what a credential left of a header as the bytes that were sent, whatever they are and however it is called', async () => {
    const protocols: Authenticator = {
      name: 'protocols',
      authenticate(request) {
        const [token, ...others] = (request.headers.first('x-protocols') ?? '').split(',')
        const consumed = { remove: [], replace: [['X-Protocols', others.join(',')] as const] }
        return token === 'good' ? { user: userInfo({ username: 'jane' }), consumed } : undefined
      },
    }
    const sent = Buffer.from('ü,☃').toString('latin1')
    const response = await ask(appWith(protocols), { headers: { 'x-protocols': `good,${sent},\u00FE` } })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ headers: { 'x-protocols': `${sent},\u00FE` } })
  })

  it('tells the observer the status of every answer, also of a refusal', async () => {
    const observer = vi.fn<Observer>()
    const app = appWith(chain, { observer })
    await ask(app, { headers: { authorization: 'Bearer good' } })
    await ask(app, { headers: { authorization: 'Bearer bad' } })
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([200, 401])
  })

  it.each([new Error('broken'), 'broken'])('tells the observer of an app that throws %o', async (thrown) => {
    const observer = vi.fn<Observer>()
    const app = new Hono()
      .onError((_, c) => c.text('', 500))
      .use(authentication(chain, { observer }))
      .get('/', () => {
        // A JavaScript app may throw a value that is not an error.
        throw thrown as Error
      })
    await ask(app, { headers: { authorization: 'Bearer good' } }).catch(() => {})
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([500])
  })

  it('tells the observer of a refusal that Hono renders', async () => {
    const observer = vi.fn<Observer>()
    const onFailure = (error: StatusError): never => {
      throw error
    }
    expect((await ask(appWith(chain, { observer, onFailure }))).status).toBe(401)
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([401])
  })

  it('keeps the body of a request whose headers it changes', async () => {
    const app = new Hono().use(authentication(chain)).post('/', async (c) => c.text(await c.req.text()))
    const response = await ask(app, {
      method: 'POST',
      body: 'hello',
      headers: { authorization: 'Bearer good' },
    })
    expect(await response.text()).toBe('hello')
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
    const response = await ask(appWith(authenticator))
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-cache, private')
    expect(await response.json()).toMatchObject({ kind: 'Status', message: 'Unauthorized', code: 401 })
  })

  it('lets Hono render the failure when onFailure throws', async () => {
    const response = await ask(
      appWith(chain, {
        onFailure: (error) => {
          throw error
        },
      }),
    )
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="kubernetes-master"')
    expect(await response.json()).toMatchObject({ kind: 'Status', code: 401 })
  })

  it('lets app.onError see the failure when onFailure throws', async () => {
    const app = appWith(chain, {
      onFailure: (error) => {
        throw error
      },
    })
    app.onError((error, c) => (error instanceof StatusError ? c.text('caught', 401) : c.text('other', 500)))
    const response = await ask(app)
    expect([response.status, await response.text()]).toEqual([401, 'caught'])
  })

  it('sends warnings of authenticators', async () => {
    const response = await ask(appWith(chain), { headers: { authorization: 'Bearer  good' } })
    expect(response.status).toBe(401)
    expect(response.headers.get('warning')).toMatch(/^299 - ".*extra space.*"$/)
  })
})

describe('authentication in Hono', () => {
  it('compares tokens byte by byte on Node', async () => {
    const origin = await listen(appWith(chain).fetch)
    const as = (token: Buffer): Promise<number> =>
      fetch(origin, { headers: { authorization: `Bearer ${token.toString('latin1')}` } }).then(
        ({ status }) => status,
      )
    expect(await as(Buffer.from('tök', 'utf8'))).toBe(200)
    expect(await as(Buffer.from('tök', 'latin1'))).toBe(401)
  })

  it('takes the first of repeated Authorization headers on Node, and refuses joined ones', async () => {
    const origin = await listen(appWith(chain).fetch)
    const { port } = new URL(origin)
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nAuthorization: Bearer wrong\r\nConnection: close\r\n\r\n',
        )
      })
      let text = ''
      socket.on('data', (data) => (text += data.toString()))
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1.1 200/)
    expect(answer).not.toMatch(/wrong/)
    const headers = new Headers([
      ['authorization', 'Bearer good'],
      ['authorization', 'Bearer wrong'],
    ])
    expect((await appWith(chain).request('/', { headers })).status).toBe(401)
  })

  it('changes a copy where the runtime protects the headers of a request', async () => {
    const request = new Request('http://localhost/', {
      method: 'POST',
      body: 'hi',
      headers: { authorization: 'Bearer good' },
    })
    for (const method of ['delete', 'set'] as const) {
      Object.defineProperty(request.headers, method, {
        value: () => {
          throw new TypeError('immutable')
        },
      })
    }
    const app = new Hono()
      .use(authentication(chain))
      .post('/', async (c) =>
        c.json({ authorization: c.req.header('authorization') ?? null, body: await c.req.text() }),
      )
    expect(await (await app.fetch(request)).json()).toEqual({ authorization: null, body: 'hi' })
  })

  it.each(['good', 'bad'])(
    'tells the observer of a request that cannot be copied, since its body was read, and lets no user pass: %s',
    async (token) => {
      const request = new Request('http://localhost/', {
        method: 'POST',
        body: 'hi',
        headers: { authorization: `Bearer ${token}`, 'x-remote-user': 'root' },
      })
      vi.spyOn(request.headers, 'delete').mockImplementation(() => {
        throw new TypeError('immutable')
      })
      const observer = vi.fn<Observer>()
      const handler = vi.fn()
      const app = new Hono()
        .onError((_, c) => c.text('', 500))
        .use(async (c, next) => {
          await c.req.raw.text()
          await next()
        })
        .use(authentication(chain, { observer }))
        .post('/', (c) => {
          handler()
          return c.text('')
        })
      expect((await app.fetch(request)).status).toBe(500)
      expect(handler).not.toHaveBeenCalled()
      const statuses = observer.mock.calls.flatMap(([event]) =>
        event.type === 'response' ? event.status : [],
      )
      expect(statuses).toEqual([500])
    },
  )

  it('knows client certificates that Cloudflare verified, and not those of which a header tells', async () => {
    const tlsClientAuth = {
      certPresented: '1',
      certVerified: 'SUCCESS',
      certRevoked: '0',
      certSubjectDN: 'CN=jane',
    }
    const app = appWith(cloudflareClientCertificate())
    const atCloudflare = (cf: object, headers = {}): Response | Promise<Response> =>
      app.fetch(Object.assign(new Request('http://localhost/', { headers }), { cf }))
    const known = await atCloudflare({ tlsClientAuth }, { 'x-remote-user': 'root' })
    expect([known.status, await known.json()]).toMatchObject([200, { user: { username: 'jane' } }])
    expect((await atCloudflare({ tlsClientAuth: { ...tlsClientAuth, certRevoked: '1' } })).status).toBe(401)
    expect((await atCloudflare({}, { cf: JSON.stringify({ tlsClientAuth }) })).status).toBe(401)
  })

  it('knows them still after headers were removed from the request', async () => {
    const tlsClientAuth = {
      certPresented: '1',
      certVerified: 'SUCCESS',
      certRevoked: '0',
      certSubjectDN: 'CN=jane',
    }
    const app = new Hono()
      .use(authentication(authenticatorChain({ tokens: [tokenFile('good,joe,2')], anonymous: true })))
      .use(authentication(cloudflareClientCertificate()))
      .get('/', (c) => c.text(c.var.user.username))
    const request = new Request('http://localhost/', { headers: { authorization: 'Bearer good' } })
    // Like a runtime with immutable request headers.
    vi.spyOn(request.headers, 'delete').mockImplementation(() => {
      throw new TypeError('immutable')
    })
    const response = await app.fetch(Object.assign(request, { cf: { tlsClientAuth } }))
    expect(await response.text()).toBe('jane')
  })

  it('keeps a Worker at what others may wait for, also when the client goes away', async () => {
    vi.stubGlobal('WebSocketPair', {})
    let decide = (): void => {}
    const decided = new Promise<void>((resolve) => (decide = resolve))
    const slow: Authenticator = { name: 'slow', authenticate: () => decided.then(() => undefined) }
    let isOver = false
    const waitUntil = vi.fn((work: Promise<unknown>) => void work.then(() => (isOver = true)))
    const context = { waitUntil, passThroughOnException() {}, props: {} }
    const answering = appWith(slow).fetch(new Request('http://localhost/'), {}, context)
    expect(waitUntil).toHaveBeenCalledOnce()
    expect(isOver).toBe(false)
    decide()
    expect((await answering).status).toBe(401)
    expect(isOver).toBe(true)

    // A synchronous decision needs no waiting, and a caller may pass no context.
    await appWith(chain).fetch(new Request('http://localhost/'), {}, context)
    expect((await appWith(slow).request('http://localhost/')).status).toBe(401)
    expect(waitUntil).toHaveBeenCalledOnce()
  })

  it('types the user when chained, and wherever there is a context', async () => {
    new Hono().use(authentication(chain)).get('/', (c) => {
      expectTypeOf(c.var.user).toEqualTypeOf<UserInfo>()
      expectTypeOf(c.var.authentication).toEqualTypeOf<Authentication>()
      expectTypeOf(getUser(c)).toEqualTypeOf<UserInfo>()
      return c.text('')
    })
    // Hono prints errors that an app does not handle.
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const response = await new Hono().get('/', (c) => c.json(getAuthentication(c).user)).request('/')
    expect(response.status).toBe(500)
    expect(printed.mock.calls).toEqual([
      [expect.objectContaining({ message: expect.stringMatching(/did not run/) })],
    ])
  })

  it('types the user in a route with a guard, also in an app with bindings', async () => {
    interface Env extends AuthenticationEnv {
      Bindings: { readonly KEY: string }
    }
    new Hono<Env>().use(authentication(chain)).get('/', requireGroups('a'), (c) => {
      expectTypeOf(c.var.user).toEqualTypeOf<UserInfo>()
      expectTypeOf(c.env.KEY).toEqualTypeOf<string>()
      return c.text('')
    })
    const app = new Hono().get('/', authentication(chain), requireUser(), (c) => {
      expectTypeOf(c.var.user).toEqualTypeOf<UserInfo>()
      return c.text(c.var.user.username)
    })
    const response = await app.request('/', { headers: { authorization: 'Bearer good' } })
    expect(await response.text()).toBe('jane')
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

describe('a Fetch request whose client goes away', () => {
  it('ends the signal of authenticators, and is told as 499, once', async () => {
    const abort = new AbortController()
    const statuses: number[] = []
    const slow: Authenticator = {
      name: 'slow',
      authenticate: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('gone')))
          abort.abort()
        }),
    }
    const observer: Observer = (event) => {
      if (event.type === 'response') statuses.push(event.status)
    }
    const request = new Request('http://localhost/', { signal: abort.signal })
    await appWith(slow, { observer }).fetch(request)
    expect(statuses).toEqual([499])
  })
})

it.each(['c', {}, { req: null }, { req: undefined }, { req: 'raw' }, { req: {} }])(
  'a call without a context of Hono says so: %j',
  async (c) => {
    const next = vi.fn()
    await expect(authentication(chain)(c as never, next)).rejects.toThrow('without a context of Hono')
    expect(next).not.toHaveBeenCalled()
  },
)
