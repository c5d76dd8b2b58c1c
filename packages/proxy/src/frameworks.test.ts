import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect as connectHttp2, constants, createSecureServer } from 'node:http2'
import { getRequestListener } from '@hono/node-server'
import { authenticatorChain, type TokenAuthenticator, userInfo } from '@kube-authn/core'
import { type AuditEvent, auditLog } from '@kube-authn/audit'
import { alwaysAllow } from '@kube-authn/core/authorization'
import * as express from '@kube-authn/express'
import * as hono from '@kube-authn/hono'
import * as koa from '@kube-authn/koa'
import { http2ServerOptions } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import expressApp, { json } from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  everyoneIs,
  exchange,
  listening,
  onUpgrade,
  portOf,
  type RunningUpstream,
  until,
  upstreamServer,
  valuesOf,
} from '../test/servers.ts'
import { impersonatingProxy, type ImpersonatingProxy, type ImpersonatingProxyOptions } from './index.ts'

const tokens: TokenAuthenticator = {
  name: 'tokens',
  authenticateToken: (token) =>
    token.startsWith('t-') ? { user: userInfo({ username: token.slice(2), groups: ['dev'] }) } : undefined,
}
const chain = authenticatorChain({ tokens: [tokens] })

function proxyFor(
  { url, ca }: RunningUpstream,
  options: Partial<ImpersonatingProxyOptions> = {},
): ImpersonatingProxy {
  const proxy = impersonatingProxy({
    authenticator: chain,
    impersonation: alwaysAllow(),
    upstream: { server: url, ca, credential: { type: 'token', token: 'own' } },
    prefix: '/cluster',
    log: false,
    ...options,
  })
  onTestFinished(proxy.close)
  return proxy
}

/** Headers that an app sets before the proxy. */
function setOwn(append: (name: string, value: string) => unknown): void {
  append('X-Frame-Options', 'DENY')
  append('Set-Cookie', 'one=1')
  append('Set-Cookie', 'two=2')
  append('Vary', 'Origin')
  append('Expires', 'app')
}

/** An app of each framework with the proxy below `/cluster`. */
const apps: Readonly<Record<string, (proxy: ImpersonatingProxy) => Server>> = {
  Express(proxy) {
    const app = expressApp()
    app.use((_req, res, next) => {
      setOwn((name, value) => res.appendHeader(name, value))
      next()
    })
    app.use('/cluster', proxy.express())
    return createServer(app)
  },
  Koa(proxy) {
    const app = new Koa()
    app.use((ctx, next) => {
      setOwn((name, value) => ctx.append(name, value))
      return next()
    })
    app.use(proxy.koa())
    const handle = app.callback()
    return createServer((req, res) => void handle(req, res))
  },
  Hono(proxy) {
    const app = new Hono()
    app.use((c, next) => {
      setOwn((name, value) => c.header(name, value, { append: true }))
      return next()
    })
    app.all('/cluster/*', proxy.hono())
    const handle = getRequestListener(app.fetch)
    return createServer((req, res) => void handle(req, res))
  },
}

/** The same apps with the proxy behind `authentication`, which takes the credential away. */
const tooLate: Readonly<Record<string, (proxy: ImpersonatingProxy) => Server>> = {
  Express: (proxy) =>
    createServer(expressApp().use(express.authentication(chain, { log: false }), proxy.express())),
  Koa(proxy) {
    const handle = new Koa()
      .use(koa.authentication(chain, { log: false }))
      .use(proxy.koa())
      .callback()
    return createServer((req, res) => void handle(req, res))
  },
  Hono(proxy) {
    const app = new Hono().use(hono.authentication(chain, { log: false })).all('*', proxy.hono())
    const handle = getRequestListener(app.fetch)
    return createServer((req, res) => void handle(req, res))
  },
}

async function started(server: Server): Promise<number> {
  await listening(server)
  return portOf(server)
}

describe.each(Object.keys(apps))('%s', (name) => {
  const get = (path: string, headers: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`

  it('forwards requests as the user, or as the impersonated user', async () => {
    const upstream = await upstreamServer((message, response) => {
      response.setHeader('Warning', ['1', '2'])
      message.pipe(response)
    })
    const lines: AuditEvent[] = []
    const observer = auditLog({ write: (event) => void lines.push(event) })
    const port = await started(apps[name]?.(proxyFor(upstream, { observer })) ?? createServer())
    const body =
      'POST /cluster/api?x=%2f HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\nAudit-ID: id-1\r\nAuthorization: Bearer t-jane\r\n\r\nhello'
    const answer = await exchange(port, body)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toContain('\r\nWarning: 1\r\nWarning: 2\r\n')
    expect(answer).toContain('hello')
    expect(answer.match(/^audit-id: .*$/gim)).toEqual(['Audit-ID: id-1'])
    await exchange(
      port,
      get(
        '/cluster/',
        'Authorization: Bearer t-jane\r\nImpersonate-User: joe\r\nImpersonate-Group: a\r\nImpersonate-Group: b\r\n',
      ),
    )
    const [first, second] = upstream.received
    expect(first?.url).toBe('/api?x=%2f')
    expect(valuesOf(first?.rawHeaders, 'authorization')).toEqual(['Bearer own'])
    expect(valuesOf(first?.rawHeaders, 'impersonate-user')).toEqual(['jane'])
    expect(valuesOf(first?.rawHeaders, 'audit-id')).toEqual(['id-1'])
    expect(valuesOf(second?.rawHeaders, 'impersonate-user')).toEqual(['joe'])
    expect(valuesOf(second?.rawHeaders, 'impersonate-group')).toEqual(['a', 'b'])
    await until(() => lines.filter(({ stage }) => stage === 'ResponseComplete').length === 2)
    const complete = lines.filter(({ stage }) => stage === 'ResponseComplete')
    expect(complete[0]).toMatchObject({ auditID: 'id-1', user: { username: 'jane' } })
    expect(complete[1]).toMatchObject({ user: { username: 'jane' }, impersonatedUser: { username: 'joe' } })
    expect(valuesOf(second?.rawHeaders, 'audit-id')).toEqual([complete[1]?.auditID])
  })

  it('sends the headers that the app has set before, beside those of the upstream', async () => {
    const upstream = await upstreamServer((_, response) => {
      response.writeHead(200, { Vary: 'Accept', Expires: 'upstream', 'Set-Cookie': 'three=3' }).end()
    })
    const port = await started(apps[name]?.(proxyFor(upstream)) ?? createServer())
    const answer = await exchange(port, get('/cluster/api', 'Authorization: Bearer t-jane\r\n'))
    const [head = ''] = answer.split('\r\n\r\n')
    const lines = head.split('\r\n').slice(1)
    const valuesNamed = (wanted: string): readonly string[] =>
      lines
        .filter((line) => line.toLowerCase().startsWith(`${wanted}: `))
        .map((line) => line.slice(wanted.length + 2))
    expect(valuesNamed('x-frame-options')).toEqual(['DENY'])
    expect(valuesNamed('set-cookie')).toEqual(['one=1', 'two=2'])
    expect(valuesNamed('vary').join(', ')).toBe('Origin, Accept')
    expect(valuesNamed('expires')).toEqual(['upstream'])
    expect(valuesNamed('x-hono-already-sent')).toEqual([])
  })

  it('refuses requests without a credential before the upstream sees them', async () => {
    const upstream = await upstreamServer()
    const port = await started(apps[name]?.(proxyFor(upstream)) ?? createServer())
    for (const headers of ['', 'Authorization: Bearer x\r\n']) {
      expect(await exchange(port, get('/cluster/api', headers))).toMatch(/^HTTP\/1\.1 401 /)
    }
    expect(upstream.received).toEqual([])
  })

  it('has the response to a refusal made by onFailure, which decides nothing', async () => {
    const upstream = await upstreamServer((_, response) => void response.end())
    const onFailure = vi.fn<NonNullable<ImpersonatingProxyOptions['onFailure']>>(({ status }, { path }) => ({
      status,
      headers: { 'set-cookie': 'three=3', 'content-type': 'application/json' },
      content: JSON.stringify({ loginUrl: `/login?returnTo=${path}` }),
    }))
    const port = await started(apps[name]?.(proxyFor(upstream, { onFailure })) ?? createServer())
    const answer = await exchange(port, get('/cluster/api', ''))
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer).toContain('{"loginUrl":"/login?returnTo=/cluster/api"}')
    expect(answer.match(/^set-cookie: .*$/gim)?.map((line) => line.slice(12))).toEqual([
      'one=1',
      'two=2',
      'three=3',
    ])
    onFailure.mockImplementationOnce(() => {
      throw new TypeError('no login')
    })
    const failed = await exchange(port, get('/cluster/api', ''))
    expect(failed).toMatch(/^HTTP\/1\.1 401 /)
    expect(failed).toContain('"reason":"Unauthorized"')
    expect(upstream.received).toEqual([])
  })

  it('behind authentication the proxy is a 500 that says so', async () => {
    const upstream = await upstreamServer()
    const lines: string[] = []
    const log = (entry: object): void => void lines.push(JSON.stringify(entry))
    const port = await started(tooLate[name]?.(proxyFor(upstream, { log })) ?? createServer())
    const answer = await exchange(port, get('/cluster/api', 'Authorization: Bearer t-jane\r\n'))
    expect(answer).toMatch(/^HTTP\/1\.1 500 /)
    expect(answer).toContain('mount it before authentication(...)')
    expect(upstream.received).toEqual([])
    await until(() => lines.length > 0)
    expect(lines.join()).toContain('mount it before authentication(...)')
  })
})

describe('mistakes', () => {
  it('a body parser before the proxy is a 500, not half a request', async () => {
    const upstream = await upstreamServer()
    const app = expressApp()
    app.use(json(), proxyFor(upstream).express())
    const port = await started(createServer(app))
    const answer = await exchange(
      port,
      'POST /cluster/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer t-jane\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 500 /)
    expect(answer).toContain('before body parsers')
    expect(upstream.received).toEqual([])
  })

  it('Hono without any middleware writes a response once, and keeps the connection', async () => {
    const upstream = await upstreamServer()
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => logged.mockRestore())
    const app = new Hono().all('*', proxyFor(upstream).hono())
    const handle = getRequestListener(app.fetch)
    const port = await started(createServer((req, res) => void handle(req, res)))
    const request = 'GET /cluster/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t-jane\r\n'
    const answers = await exchange(port, `${request}\r\n${request}Connection: close\r\n\r\n`)
    expect(answers.match(/HTTP\/1\.1 200 /g)).toHaveLength(2)
    expect(logged.mock.calls).toEqual([])
  })

  it('Hono without the connections of Node is an error', async () => {
    const upstream = await upstreamServer()
    const app = new Hono().all('*', proxyFor(upstream).hono())
    app.onError((error, c) => c.text(error.message))
    expect(await (await app.request('/cluster/')).text()).toContain('@hono/node-server')
  })
})

it('upgrades have the user, the audit id and the events of a request', async () => {
  const upstream = await upstreamServer()
  onUpgrade(upstream, (_, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nbye'),
  )
  const lines: AuditEvent[] = []
  const server = createServer()
  const observer = auditLog({ write: (event) => void lines.push(event), prefix: '/cluster' })
  proxyFor(upstream, { observer }).attach(server)
  const port = await started(server)
  const post = (headers: string): string =>
    `POST /cluster/api/v1/namespaces/a/pods/b/exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${headers}\r\n`
  const answer = await exchange(
    port,
    post('Authorization: Bearer t-jane\r\nImpersonate-User: joe\r\nAudit-ID: id-2\r\n'),
  )
  expect(answer).toMatch(/^HTTP\/1\.1 101 [^]*bye$/)
  const [{ url, rawHeaders } = {}] = upstream.received
  expect(url).toBe('/api/v1/namespaces/a/pods/b/exec')
  expect(valuesOf(rawHeaders, 'impersonate-user')).toEqual(['joe'])
  expect(valuesOf(rawHeaders, 'audit-id')).toEqual(['id-2'])
  await until(() => lines.length === 2)
  expect(lines.map(({ stage, verb, responseStatus }) => [stage, verb, responseStatus?.code])).toEqual([
    ['RequestReceived', 'create', undefined],
    ['ResponseComplete', 'create', 101],
  ])
  expect(lines[1]).toMatchObject({ auditID: 'id-2', impersonatedUser: { username: 'joe' } })
  expect(await exchange(port, post(''))).toMatch(/^HTTP\/1\.1 401 /)
})

describe('HTTP/2', () => {
  it.each([
    ['with http2ServerOptions', true],
    ['with the options of Node', false],
  ])('%s', async (_, isConfigured) => {
    const upstream = await upstreamServer((message, response) => {
      response.writeHead(200, { Warning: ['1', '2'], Connection: 'keep-alive' })
      message.pipe(response)
    })
    const pki = await createPki()
    const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost'] })
    const user = userInfo({ username: 'jane', groups: ['a', 'b'] })
    const proxy = proxyFor(upstream, { authenticator: everyoneIs({ user }) })
    const server = createSecureServer(
      {
        ...(isConfigured && http2ServerOptions({ cleanHttp2Fields: true })),
        cert: chainPem,
        key: privateKeyPem,
      },
      proxy.express(),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const session = connectHttp2(`https://localhost:${typeof address === 'object' ? address?.port : 0}`, {
      ca: pki.caPem,
    })
    onTestFinished(() => {
      session.destroy()
      server.close()
    })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/cluster/api?x=1',
      cookie: 'session=1',
      'x-odd': ['1', '2'],
      [constants.HTTP2_HEADER_CONTENT_LENGTH]: '5',
    })
    const answered = once(stream, 'response') as Promise<[Record<string, unknown>]>
    stream.end('hello')
    const [headers] = await answered
    if (!isConfigured) {
      expect(headers[':status']).toBe(505)
      stream.resume()
      expect(upstream.received).toEqual([])
      return
    }
    expect(headers).toMatchObject({ ':status': 200, warning: '1, 2' })
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    expect(text).toBe('hello')
    const [{ url, rawHeaders, message } = {}] = upstream.received
    expect(url).toBe('/api?x=1')
    expect(valuesOf(rawHeaders, 'impersonate-group')).toEqual(['a', 'b'])
    expect(valuesOf(rawHeaders, 'x-odd')).toEqual(['1', '2'])
    expect(valuesOf(rawHeaders, 'via')).toEqual([expect.stringMatching(/^2 kube-authn-/)])
    expect(valuesOf(rawHeaders, 'cookie')).toEqual([])
    expect((message as IncomingMessage).rawHeaders.some((each) => each.startsWith(':'))).toBe(false)
  })
})
