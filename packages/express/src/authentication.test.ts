import { createServer, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { type ClientHttp2Session, connect, createServer as createHttp2Server } from 'node:http2'
import {
  addGroups,
  type Authenticator,
  authenticatorChain,
  ConfigurationError,
  type Observer,
  rejected,
  unavailable,
  type UserInfo,
  userInfo,
} from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { COMPLETE_FIELDS } from '@kube-authn/core/internal'
import { tokenFile } from '@kube-authn/core/token-file'
import express from 'express'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { authentication, getAuthentication, getUser } from './index.ts'
import type { AuthenticationOptions } from './authentication.ts'

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(app: RequestListener): Promise<string> {
  const server: Server = createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const tokens = tokenFile(Buffer.from('good,jane,1,"a,b"\ntök,joe,2\n'))
const chain = authenticatorChain({ tokens: [tokens] })
const later: Authenticator = {
  name: 'later',
  authenticate: async (request, context) => {
    await Promise.resolve()
    return chain.authenticate(request, context)
  },
}

const versions = [
  { version: 5, make: () => express() },
  { version: 4, make: createRequire(import.meta.url)('express4') as () => ReturnType<typeof express> },
]

describe.each(versions)('authentication in Express $version', ({ make }) => {
  function appWith(
    authenticator: Authenticator,
    options?: AuthenticationOptions,
  ): ReturnType<typeof express> {
    const app = make()
    app.use(authentication(authenticator, options))
    app.get('/', (req, res) => {
      const { user } = req as { user?: UserInfo }
      res.json({ user: getUser(req), same: user === getUser(req), headers: req.headers, raw: req.rawHeaders })
    })
    return app
  }

  it.each([
    { when: 'at once', authenticator: chain },
    { when: 'later', authenticator: later },
  ])('lets a known user pass who is known $when', async ({ authenticator }) => {
    const origin = await listen(appWith(authenticator))
    const response = await fetch(origin, { headers: { authorization: 'Bearer good' } })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      user: { username: 'jane', uid: '1', groups: ['a', 'b', 'system:authenticated'], extra: {} },
      same: true,
    })
  })

  it('tells the observer the status of every answer, also of a refusal', async () => {
    const observer = vi.fn<Observer>()
    const origin = await listen(appWith(chain, { observer }))
    await fetch(origin, { headers: { authorization: 'Bearer good' } })
    await fetch(origin, { headers: { authorization: 'Bearer bad' } })
    const statuses = observer.mock.calls.flatMap(([event]) => (event.type === 'response' ? event.status : []))
    expect(statuses).toEqual([200, 401])
  })

  it.each([
    { when: 'after it was decided', authenticator: chain },
    { when: 'before it is decided', authenticator: later },
  ])('tells the observer of a client who goes away $when', async ({ authenticator }) => {
    const told: string[] = []
    const client = new AbortController()
    const isGone = new Promise<void>((resolve) => {
      const app = make()
      app.use((req, res, next) => {
        res.once('close', () => setTimeout(resolve, 20))
        if (authenticator !== later) next()
        else req.once('aborted', next)
        setTimeout(() => client.abort(), 20)
      })
      app.use(
        authentication(authenticator, {
          observer: (event) => {
            if (event.type === 'request') told.push(event.result)
            if (event.type === 'response') told.push(String(event.status))
          },
        }),
      )
      app.use(() => {
        // No response.
      })
      void listen(app).then((origin) =>
        fetch(origin, { headers: { authorization: 'Bearer good' }, signal: client.signal }).catch(() => {}),
      )
    })
    await isGone
    expect(told).toEqual(['success', '499'])
  })

  it('shows the application no header that carried a credential or an identity', async () => {
    const origin = await listen(appWith(chain))
    const response = await fetch(origin, {
      headers: {
        authorization: 'Bearer good',
        'x-remote-user': 'root',
        'x-remote-group': 'system:masters',
        'X-Remote-Extra-Scopes': 'all',
        'x-kept': 'yes',
      },
    })
    const text = await response.text()
    expect(text.toLowerCase()).not.toMatch(/authorization|bearer|x-remote/)
    expect(JSON.parse(text)).toMatchObject({ headers: { 'x-kept': 'yes' } })
  })

  it('compares tokens byte by byte', async () => {
    const origin = await listen(appWith(chain))
    const as = (token: Buffer): Promise<number> =>
      fetch(origin, { headers: { authorization: `Bearer ${token.toString('latin1')}` } }).then(
        ({ status }) => status,
      )
    expect(await as(Buffer.from('tök', 'utf8'))).toBe(200)
    expect(await as(Buffer.from('tök', 'latin1'))).toBe(401)
    expect(await as(Buffer.from([0x74, 0xff, 0x6b]))).toBe(401)
  })

  it.each([
    { what: 'no credential', headers: {} },
    { what: 'a wrong token', headers: { authorization: 'Bearer wrong' } },
    { what: 'another scheme', headers: { authorization: 'Basic am9lOnB3' } },
    { what: 'a proxy header', headers: { 'x-remote-user': 'root' } },
    { what: 'a token that is too long', headers: { authorization: `Bearer ${'x'.repeat(10_000)}` } },
  ])('answers $what with one opaque Status', async ({ headers }) => {
    const origin = await listen(appWith(chain))
    const response = await fetch(origin, { headers })
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-cache, private')
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="kubernetes-master"/)
    expect(await response.json()).toEqual({
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
    {
      what: 'has a fault',
      fail: () => {
        throw new TypeError('secret reason')
      },
    },
    { what: 'has a fault later', fail: () => Promise.reject(new TypeError('secret reason')) },
    { what: 'throws no error', fail: () => Promise.reject('secret reason') },
  ])('answers 401 and says nothing more when the authenticator $what', async ({ fail }) => {
    const origin = await listen(appWith({ name: 'failing', authenticate: fail }))
    const response = await fetch(origin)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('secret reason')
  })

  it('answers an outage with 503 where that is asked for', async () => {
    const authenticator = { name: 'down', authenticate: () => Promise.reject(unavailable('down')) }
    const origin = await listen(appWith(authenticator, { unavailableStatus: 503 }))
    const response = await fetch(origin)
    expect(response.status).toBe(503)
    expect(response.headers.get('www-authenticate')).toBeNull()
  })

  it('hands a refused request to onFailure, with the cause', async () => {
    const onFailure = vi.fn<NonNullable<AuthenticationOptions['onFailure']>>((error, _req, res) => {
      res.statusCode = 418
      res.end(error.message)
    })
    const origin = await listen(appWith(chain, { onFailure }))
    const response = await fetch(origin, { headers: { authorization: 'Bearer wrong' } })
    expect(response.status).toBe(418)
    const [error] = onFailure.mock.calls[0] ?? []
    expect(error).toBeInstanceOf(StatusError)
    expect(error?.cause).toMatchObject({ code: 'rejected', message: 'invalid bearer token' })
  })

  it.each([
    {
      what: 'throws',
      onFailure: (error: Error) => {
        throw error
      },
    },
    { what: 'rejects', onFailure: (error: Error) => Promise.reject(error) },
    {
      what: 'calls next',
      onFailure: ((error, _req, _res, next) => next(error)) satisfies AuthenticationOptions['onFailure'],
    },
  ])('lets Express render the failure when onFailure $what', async ({ onFailure }) => {
    const app = appWith(chain, { onFailure })
    const seen: unknown[] = []
    app.use(((error, _req, _res, next) => {
      seen.push(error)
      next(error)
    }) satisfies express.ErrorRequestHandler)
    app.set('env', 'test')
    const origin = await listen(app)
    const response = await fetch(origin)
    expect(seen).toHaveLength(1)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="kubernetes-master"')
  })

  it.each([undefined, null, false, 0, '', 'route', 'router'])(
    'does not let a request pass if onFailure throws %j',
    async (value) => {
      // A JavaScript app may throw a value that is not an error.
      const thrown = value as unknown as Error
      const rejecting = async (): Promise<void> => {
        await Promise.resolve()
        throw thrown
      }
      const throwing = (): void => {
        throw thrown
      }
      for (const onFailure of [throwing, rejecting]) {
        const app = make()
        app.set('env', 'test')
        const passed = vi.fn<express.RequestHandler>((_req, res) => void res.send('open'))
        app.get('/', authentication(chain, { onFailure }), passed)
        app.get('/', passed)
        const response = await fetch(await listen(app))
        expect([response.status, passed.mock.calls.length]).toEqual([500, 0])
      }
    },
  )

  it('sees the whole path below a mount point', async () => {
    const app = make()
    const authenticator = authenticatorChain({
      tokens: [tokens],
      anonymous: { enabled: true, conditions: [{ path: '/api/healthz' }] },
    })
    app.use('/api', authentication(authenticator), (req, res) => res.json(getUser(req)))
    const origin = await listen(app)
    expect((await fetch(`${origin}/api/healthz`)).status).toBe(200)
    expect((await fetch(`${origin}/api/healthz?verbose`)).status).toBe(200)
    expect((await fetch(`${origin}/api/other`)).status).toBe(401)
  })

  it.each([false, true])(
    'below a mount point meets every path that a route takes, in any letters (sensitive: %j)',
    async (isSensitive) => {
      const app = make()
      app.set('case sensitive routing', isSensitive)
      app.use('/admin', authentication(chain))
      app.get('/admin/secret', (_req, res) => void res.send('open'))
      const origin = await listen(app)
      expect((await fetch(`${origin}/admin/secret`)).status).toBe(401)
      expect((await fetch(`${origin}/Admin/secret`)).status).toBe(isSensitive ? 404 : 401)
    },
  )

  it('never mistakes one request for another that is under way', async () => {
    const slow: Authenticator = {
      name: 'slow',
      authenticate: async (request) => {
        const name = request.headers.first('x-name') ?? ''
        await new Promise((resolve) => setTimeout(resolve, name === 'first' ? 30 : 5))
        return { user: userInfo({ username: name }) }
      },
    }
    const origin = await listen(appWith(slow))
    const names = await Promise.all(
      ['first', 'second', 'third'].map(async (name) => {
        const response = await fetch(origin, { headers: { 'x-name': name } })
        return ((await response.json()) as { user: UserInfo }).user.username
      }),
    )
    expect(names).toEqual(['first', 'second', 'third'])
  })

  it('sends warnings of authenticators', async () => {
    const origin = await listen(appWith(chain))
    const response = await fetch(origin, { headers: { authorization: 'Bearer  good' } })
    expect(response.status).toBe(401)
    expect(response.headers.get('warning')).toMatch(/^299 - ".*extra space.*"$/)
  })
})

describe('authentication of hostile requests', () => {
  const big = { maxHeaderSize: 4 * 1024 * 1024 }
  const send = async (head: Buffer): Promise<string> => {
    const authenticate = authentication(chain)
    const server = createServer(big, (req, res) => {
      authenticate(req, res, () => res.end(JSON.stringify([getUser(req).username, req.rawHeaders])))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Promise((resolve) => {
      const socket = connectTcp((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(head))
      let text = ''
      socket.on('data', (data) => (text += data.toString('latin1')))
      socket.on('close', () => resolve(text))
    })
  }
  const requestWith = (...lines: readonly (string | Buffer)[]): Buffer =>
    Buffer.concat([
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'),
      ...lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\r\n')])),
      Buffer.from('\r\n'),
    ])

  it.each([
    {
      what: 'a token of 1 MB',
      lines: [`Authorization: Bearer ${'x'.repeat(1024 * 1024)}`],
      answer: /^HTTP\/1.1 401/,
    },
    { what: 'a NUL in a token', lines: ['Authorization: Bearer go\0od'], answer: /^HTTP\/1.1 400/ },
    {
      what: 'a token that is not UTF-8',
      lines: [Buffer.from([...Buffer.from('Authorization: Bearer t'), 0xff, 0xfe])],
      answer: /^HTTP\/1.1 401/,
    },
    {
      what: 'basic credentials of 1 MB',
      lines: [`Authorization: Basic ${'YWFh'.repeat(262_144)}`],
      answer: /^HTTP\/1.1 401/,
    },
    {
      what: 'a bad Authorization before a good one',
      lines: ['Authorization: Bearer bad', 'Authorization: Bearer good'],
      answer: /^HTTP\/1.1 401/,
    },
    {
      what: 'a good Authorization before a bad one',
      lines: ['Authorization: Bearer good', 'authorization: Bearer bad'],
      answer: /^HTTP\/1.1 200[^]*\["jane",\["Host","x","Connection","close"\]\]/,
    },
    {
      what: 'two hundred groups of a proxy that is none',
      lines: [
        'Authorization: Bearer good',
        ...Array.from({ length: 200 }, (_, index) => `X-Remote-Group: group-${index}`),
        'x-REMOTE-extra-__proto__: polluted',
      ],
      answer: /^HTTP\/1.1 200[^]*\["jane",\["Host","x","Connection","close"\]\]/,
    },
    { what: '`__proto__` as a token', lines: ['Authorization: Bearer __proto__'], answer: /^HTTP\/1.1 401/ },
    {
      what: '`constructor` as a token',
      lines: ['Authorization: Bearer constructor'],
      answer: /^HTTP\/1.1 401/,
    },
  ])('has a defined outcome for $what', async ({ lines, answer }) => {
    expect(await send(requestWith(...lines))).toMatch(answer)
  })
})

describe('authentication', () => {
  it('is refused without an authenticator, at construction', () => {
    expect(() => authentication(undefined as never)).toThrow(ConfigurationError)
    expect(() => authentication(chain, { audiences: [] })).toThrow(/audiences/)
  })

  it('works with HTTP/2, and closes connections of unauthenticated requests', async () => {
    const authenticate = authentication(authenticatorChain({ tokens: [tokens], anonymous: true }))
    const server = createHttp2Server((req, res) => {
      // As the servers of @kube-authn/node mark requests without dropped headers.
      Object.assign(req, { [COMPLETE_FIELDS]: true })
      authenticate(req as never, res as never, () => res.end(getUser(req as never).username))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const open = (): { session: ClientHttp2Session; isGone: Promise<unknown> } => {
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      return { session, isGone: new Promise((resolve) => session.once('goaway', resolve)) }
    }
    const ask = async (
      session: ClientHttp2Session,
      headers: Record<string, string>,
    ): Promise<{ body: string; status: number }> => {
      const stream = session.request({ ':path': '/', ...headers })
      const status = new Promise<number>((resolve) =>
        stream.on('response', (all) => resolve(all[':status'] ?? 0)),
      )
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      return { body: Buffer.concat(chunks).toString(), status: await status }
    }
    const { session, isGone } = open()
    const good = { authorization: 'Bearer good' }
    expect(await ask(session, good)).toEqual({ body: 'jane', status: 200 })
    expect(await Promise.race([isGone.then(() => 'gone'), ask(session, good)])).toMatchObject({
      body: 'jane',
    })
    expect(await ask(session, {})).toEqual({ body: 'system:anonymous', status: 200 })
    await isGone
    session.close()

    const another = open()
    expect(await ask(another.session, { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 })
    await another.isGone
    another.session.close()
  })

  it('types the user without casts', () => {
    const app = express()
    app.get('/', authentication(chain), (req) => {
      expectTypeOf(getUser(req)).toEqualTypeOf<UserInfo>()
      expectTypeOf(getAuthentication(req).user.groups).toEqualTypeOf<readonly string[]>()
    })
    expect(() => getUser({} as never)).toThrow('the authentication middleware did not run for this request')
  })

  it('keeps `__proto__` an ordinary name wherever it appears', async () => {
    const hostile: Authenticator = addGroups(['__proto__'], {
      name: 'hostile',
      authenticate: () => ({
        user: {
          username: '__proto__',
          uid: '__proto__',
          groups: [],
          extra: JSON.parse('{"__proto__":["polluted"]}') as Record<string, string[]>,
        },
      }),
    })
    const app = express()
    app.use(authentication(hostile))
    app.get('/', (req, res) => {
      const { username, groups, extra } = getUser(req)
      res.json({
        username,
        groups,
        keys: Object.keys(extra),
        prototype: Object.getPrototypeOf(extra) as unknown,
      })
    })
    const response = await fetch(await listen(app))
    expect(await response.json()).toEqual({
      username: '__proto__',
      groups: ['__proto__'],
      keys: ['__proto__'],
      prototype: null,
    })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
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
