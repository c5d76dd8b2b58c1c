import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http'
import { connect, createServer as createNetServer, type Socket } from 'node:net'
import type { Authentication } from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exchange, jane, listening, proxyTo, until, upstreamServer, valuesOf } from '../../test/servers.ts'
import type { ImpersonatingProxyOptions } from '../index.ts'

const MEBIBYTE = Buffer.alloc(1_048_576, 'x')

/** A request, with its response. */
async function call(
  port: number,
  {
    body,
    ...options
  }: { path?: string; method?: string; body?: string; headers?: Record<string, string>; agent?: Agent } = {},
): Promise<IncomingMessage> {
  const request = httpRequest({ port, host: '127.0.0.1', ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}

/** Writes for as long as the reader takes it. @returns how many bytes were taken. */
function pour(
  to: ServerResponse | ReturnType<typeof httpRequest>,
  mebibytes: number,
): { readonly taken: () => number } {
  let taken = 0
  const write = (): void => {
    while (taken < mebibytes) {
      taken++
      if (!to.write(MEBIBYTE)) {
        to.once('drain', write)
        return
      }
    }
    to.end()
  }
  write()
  return { taken: () => taken }
}

describe('bodies', () => {
  it('a watch arrives as it is sent, its head at once', async () => {
    let open: ServerResponse | undefined
    const upstream = await upstreamServer((_, response) => {
      open = response
      response.flushHeaders()
    })
    const { port } = await proxyTo(upstream)
    const response = await call(port, { path: '/api/v1/pods?watch=1' })
    expect(response.statusCode).toBe(200)
    response.setEncoding('utf8')
    for (const event of ['{"type":"ADDED"}\n', '{"type":"DELETED"}\n']) {
      open?.write(event)
      expect(await once(response, 'data')).toEqual([event])
    }
    open?.end()
    await once(response, 'end')
    expect(response.complete).toBe(true)
  })

  it('a request and its response stream at the same time', async () => {
    const upstream = await upstreamServer((message, response) => {
      response.flushHeaders()
      message.pipe(response)
    })
    const { port } = await proxyTo(upstream)
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST' })
    request.write('first')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.setEncoding('utf8')
    expect(await once(response, 'data')).toEqual(['first'])
    request.write('second')
    expect(await once(response, 'data')).toEqual(['second'])
    request.end()
    await once(response, 'end')
  })

  it.each([
    ['GET', 0],
    ['POST', 0],
    ['POST', 1],
    ['PUT', 3_000_000],
    ['DELETE', 20],
    ['PATCH', 1025],
  ] as const)(
    'a %s of %d bytes comes back whole, with a known length and without one',
    async (method, size) => {
      const upstream = await upstreamServer((message, response) => {
        const chunks: Buffer[] = []
        message.on('data', (chunk: Buffer) => chunks.push(chunk))
        message.once('end', () => response.end(Buffer.concat(chunks)))
      })
      const { port } = await proxyTo(upstream)
      const body = 'ab'.repeat(size).slice(0, size)
      for (const framing of [{ 'content-length': String(size) }, { 'transfer-encoding': 'chunked' }]) {
        const headers = method === 'GET' ? {} : framing
        const response = await call(port, { method, headers, ...(size > 0 && { body }) })
        expect((await textOf(response)) === body).toBe(true)
      }
      const [first, second] = upstream.received
      expect(valuesOf(first?.rawHeaders, 'content-length')).toEqual(method === 'GET' ? [] : [String(size)])
      expect(valuesOf(second?.rawHeaders, 'transfer-encoding')).toEqual(method === 'GET' ? [] : ['chunked'])
    },
  )

  it.each([
    ['GET', 204, false],
    ['GET', 304, false],
    ['HEAD', 200, false],
    ['GET', 200, true],
    ['GET', 503, true],
  ] as const)('%s with the status %d', async (method, status, hasBody) => {
    const upstream = await upstreamServer((_, response) => {
      response.writeHead(status, hasBody || method === 'HEAD' ? { 'Content-Length': '5' } : { ETag: '"e"' })
      response.end(hasBody ? 'hello' : undefined)
    })
    const { port } = await proxyTo(upstream)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let time = 0; time < 2; time++) {
      const response = await call(port, { method, agent })
      expect([response.statusCode, await textOf(response)]).toEqual([status, hasBody ? 'hello' : ''])
      if (method === 'HEAD') expect(response.headers['content-length']).toBe('5')
    }
    agent.destroy()
  })

  it('a slow reader slows the upstream', async () => {
    let poured: { readonly taken: () => number } | undefined
    const upstream = await upstreamServer((_, response) => {
      poured = pour(response, 100)
    })
    const { port } = await proxyTo(upstream)
    const response = await call(port)
    response.pause()
    let last = -1
    await until(() => {
      const now = poured?.taken() ?? 0
      const isStill = now === last && now > 0
      last = now
      return isStill
    })
    expect(poured?.taken()).toBeLessThan(60)
    let size = 0
    for await (const chunk of response) size += (chunk as Buffer).length
    expect(size).toBe(100 * MEBIBYTE.length)
  })

  it('a slow upstream slows the client', async () => {
    let received: IncomingMessage | undefined
    const upstream = await upstreamServer((message, response) => {
      received = message
      message.once('end', () => response.end('ok'))
    })
    const { port } = await proxyTo(upstream)
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST' })
    const poured = pour(request, 100)
    let last = -1
    await until(() => {
      const isStill = poured.taken() === last && last > 0 && received !== undefined
      last = poured.taken()
      return isStill
    })
    expect(poured.taken()).toBeLessThan(60)
    const answered = once(request, 'response')
    let size = 0
    received?.on('data', (chunk: Buffer) => (size += chunk.length))
    await answered
    expect(size).toBe(100 * MEBIBYTE.length)
  })

  it('trailers go both ways, without those that identify', async () => {
    const upstream = await upstreamServer((message, response) => {
      message.resume().once('end', () => {
        response.setHeader('Trailer', 'X-Sum')
        response.write('x')
        response.addTrailers({ 'X-Sum': String(message.rawTrailers) })
        response.end()
      })
    })
    const { port } = await proxyTo(upstream, { responseHeaders: ['X-Sum'] })
    const answer = await exchange(
      port,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTrailer: X-Sum, Impersonate-User, Host\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '1\r\na\r\n0\r\nX-Sum: 1\r\nImpersonate-User: root\r\nAuthorization: b\r\n\r\n',
    )
    expect(valuesOf(upstream.received[0]?.rawHeaders, 'trailer')).toEqual(['x-sum'])
    // The core leaves a mark where it removed one.
    expect(answer).toMatch(/\r\nX-Sum: X-Sum,1(?:,x-removed-trailer,)*\r\n/)
  })

  it('waits for the upstream to say 100 Continue if the server leaves that to the app', async () => {
    const upstream = await upstreamServer((message, response) =>
      message.resume().once('end', () => response.end('ok')),
    )
    upstream.server.on('checkContinue', (message: IncomingMessage, response: ServerResponse) => {
      if (message.url === '/large') {
        response.writeHead(413).end()
        return
      }
      response.writeContinue()
      upstream.server.emit('request', message, response)
    })
    const { port, server } = await proxyTo(upstream)
    server.on('checkContinue', (message, response) => server.emit('request', message, response))
    const send = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`
    const refused = await exchange(port, send('/large'))
    expect(refused).toMatch(/^HTTP\/1\.1 413 /)
    const socket = connect(port, '127.0.0.1')
    socket.setEncoding('latin1')
    socket.write(send('/'))
    expect(await once(socket, 'data')).toEqual([expect.stringMatching(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)])
    socket.write('ab')
    expect(await once(socket, 'data')).toEqual([expect.stringMatching(/^HTTP\/1\.1 200 /)])
    socket.destroy()
  })

  it('does not ask the upstream to say it again if Node has said it', async () => {
    const upstream = await upstreamServer((message, response) =>
      message.resume().once('end', () => response.end('ok')),
    )
    const { port } = await proxyTo(upstream)
    const response = await call(port, { method: 'POST', body: 'ab', headers: { expect: '100-continue' } })
    expect(response.statusCode).toBe(200)
    expect(valuesOf(upstream.received[0]?.rawHeaders, 'expect')).toEqual([])
  })

  it('an early answer reaches a client that is still sending', async () => {
    const upstream = await upstreamServer((_, response) => response.writeHead(413).end('too much'))
    const { port } = await proxyTo(upstream)
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST' })
    request.on('error', () => {})
    pour(request, 20)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect([response.statusCode, await textOf(response)]).toEqual([413, 'too much'])
    request.destroy()
  })
})

describe('connections that end', () => {
  it('a client that leaves ends the request to the upstream', async () => {
    let closed = 0
    const upstream = await upstreamServer((_, response) => {
      response.once('close', () => closed++)
      response.write('x')
    })
    const { port } = await proxyTo(upstream)
    const response = await call(port, { path: '/api/v1/pods?watch=1' })
    expect(closed).toBe(0)
    response.destroy()
    await until(() => closed === 1)
    // Also before there is a response.
    const waiting = await upstreamServer((_, silent) => void silent.once('close', () => closed++))
    const second = await proxyTo(waiting)
    const request = httpRequest({ port: second.port, host: '127.0.0.1' })
    request.on('error', () => {})
    request.end()
    await until(() => waiting.received.length === 1)
    request.destroy()
    await until(() => closed === 2)
  })

  it('half a request does not look like a whole one', async () => {
    let isWhole: boolean | undefined
    const upstream = await upstreamServer((message) => {
      message.resume()
      message.once('close', () => (isWhole = message.complete))
    })
    const { port } = await proxyTo(upstream)
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST' })
    request.on('error', () => {})
    request.write('half')
    await until(() => upstream.received.length === 1)
    request.destroy()
    await until(() => isWhole !== undefined)
    expect(isWhole).toBe(false)
  })

  it.each([{ 'content-length': '10' }, { 'transfer-encoding': 'chunked' }])(
    'half a response with %j does not look like a whole one',
    async (headers) => {
      const upstream = await upstreamServer((_, response) => {
        response.writeHead(200, headers)
        response.write('half', () => response.destroy())
      })
      const { port } = await proxyTo(upstream)
      const response = await call(port)
      const [error] = (await once(response, 'error')) as [Error]
      expect(error.message).toBe('aborted')
      expect(response.complete).toBe(false)
    },
  )

  it('an upstream that is gone is a 502 with a Status, and is used again when it is back', async () => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream)
    const agent = new Agent({ keepAlive: true })
    expect(await textOf(await call(port, { agent }))).toBe('ok')
    upstream.server.close()
    for (const socket of upstream.sockets) socket.destroy()
    await until(() => upstream.sockets.size === 0)
    const response = await call(port, { agent })
    expect(response.statusCode).toBe(502)
    expect(JSON.parse(await textOf(response))).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'the upstream API server cannot be reached',
      reason: 'BadGateway',
      code: 502,
    })
    await upstreamServer((_, again) => again.end('back'), upstream.port)
    expect(await textOf(await call(port, { agent }))).toBe('back')
    agent.destroy()
  })

  /** Answers the first request of each connection, and closes the connection when the second arrives: as if it had been closed in the meantime. */
  async function forgetfulUpstream(): Promise<{ readonly port: number; readonly requests: string[] }> {
    const requests: string[] = []
    const server = createNetServer((socket) => {
      socket.setEncoding('latin1')
      socket.on('error', () => {})
      socket.once('data', (first: string) => {
        requests.push(first.slice(0, 6))
        const [auditId = ''] = /^audit-id: .*$/im.exec(first) ?? []
        socket.write(`HTTP/1.1 200 OK\r\n${auditId}\r\nContent-Length: 2\r\n\r\nok`)
        socket.once('data', () => socket.destroy())
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    return { requests, port: typeof address === 'object' ? (address?.port ?? 0) : 0 }
  }

  const toPort = ({ port }: { readonly port: number }): Partial<ImpersonatingProxyOptions> => ({
    upstream: { server: `http://127.0.0.1:${port}` },
    allowInsecureHttp: true,
  })

  it('a connection that the upstream closed while it was idle is no failure of a GET', async () => {
    const upstream = await forgetfulUpstream()
    const { port } = await proxyTo({ url: '', ca: '' }, toPort(upstream))
    for (let time = 0; time < 3; time++) expect(await textOf(await call(port))).toBe('ok')
    expect(upstream.requests).toEqual(['GET / ', 'GET / ', 'GET / '])
  })

  it('what may have changed something is not sent twice', async () => {
    const upstream = await forgetfulUpstream()
    const { port } = await proxyTo({ url: '', ca: '' }, toPort(upstream))
    expect(await textOf(await call(port))).toBe('ok')
    expect((await call(port, { method: 'POST', body: 'x' })).resume().statusCode).toBe(502)
    expect(upstream.requests).toEqual(['GET / '])
  })

  it('something else than HTTP, or than this TLS, is a 502', async () => {
    const plain = createServer((_, response) => response.end())
    await listening(plain)
    const { ca } = await upstreamServer()
    const address = plain.address()
    const port = typeof address === 'object' ? address?.port : 0
    const first = await proxyTo({ url: `https://127.0.0.1:${port}`, ca })
    expect((await call(first.port)).resume().statusCode).toBe(502)
    const upstream = await upstreamServer()
    const untrusted = await proxyTo(upstream, {
      upstream: { server: upstream.url, credential: { type: 'token', token: 'secret' } },
    })
    expect((await call(untrusted.port)).resume().statusCode).toBe(502)
    expect(upstream.received).toEqual([])
  })
})

describe('time', () => {
  it('a response that does not begin in time is a 504', async () => {
    const clock = fixedClock(0)
    const upstream = await upstreamServer(() => {})
    const { port } = await proxyTo(upstream, { clock, responseTimeoutSeconds: 5 })
    const answered = call(port)
    await until(() => upstream.received.length === 1)
    clock.advance(4_999)
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1)
    const response = await answered
    expect(response.statusCode).toBe(504)
    expect(JSON.parse(await textOf(response))).toMatchObject({ kind: 'Status', reason: 'Timeout', code: 504 })
  })

  it('a watch is not ended by it', async () => {
    const clock = fixedClock(0)
    const upstream = await upstreamServer((_, response) => response.flushHeaders())
    const { port } = await proxyTo(upstream, { clock, responseTimeoutSeconds: 5 })
    const response = await call(port)
    clock.advance(1e9)
    await new Promise((resolve) => setImmediate(resolve))
    expect(response.destroyed).toBe(false)
    response.destroy()
  })

  it('a connection that is not there in time is a 504', async () => {
    const clock = fixedClock(0)
    const { ca } = await upstreamServer()
    // It accepts, and never answers the handshake of TLS.
    const silent = createServer()
    silent.removeAllListeners('connection')
    const accepted: Socket[] = []
    silent.on('connection', (socket: Socket) => accepted.push(socket))
    await listening(silent)
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const proxy = await proxyTo({ url: `https://127.0.0.1:${port}`, ca }, { clock, connectTimeoutSeconds: 3 })
    const answered = call(proxy.port)
    await until(() => accepted.length === 1)
    clock.advance(3_000)
    expect((await answered).resume().statusCode).toBe(504)
  })

  it.each([
    ['/api/v1/pods?watch=1', true],
    ['/api/v1/namespaces/a/pods/b/log?follow=true', false],
  ])('%s ends with the credential', async (path, isWhole) => {
    const clock = fixedClock(0)
    let closed = 0
    const upstream = await upstreamServer((_, response) => {
      response.once('close', () => closed++)
      response.write('x\n')
    })
    const authentication: Authentication = { ...jane, expiresAtMs: 60_000 }
    const { port } = await proxyTo(upstream, { clock }, authentication)
    const response = await call(port, { path })
    response.on('error', () => {})
    response.resume()
    clock.advance(59_999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(response.destroyed).toBe(false)
    clock.advance(1)
    await until(() => response.closed)
    expect(response.complete).toBe(isWhole)
    await until(() => closed === 1)
  })

  it('and when the credential is revoked, and after the longest time of a connection', async () => {
    const clock = fixedClock(0)
    let revoke: (() => void) | undefined
    const upstream = await upstreamServer((_, response) => void response.write('x\n'))
    const revocation = {
      isRevoked: () => false,
      watch: (listener: () => void) => {
        revoke = listener
        return () => {}
      },
    } as unknown as NonNullable<Authentication['revocation']>
    const revocable = await proxyTo(upstream, { clock }, { ...jane, revocation })
    const first = await call(revocable.port, { path: '/api/v1/pods?watch=1' })
    expect(first.resume().complete).toBe(false)
    revoke?.()
    await once(first, 'end')
    const limited = await proxyTo(upstream, { clock, maxConnectionSeconds: 10 })
    const second = await call(limited.port, { path: '/api/v1/pods?watch=1' })
    clock.advance(10_000)
    await once(second.resume(), 'end')
  })

  it('a credential that has ended before the response is a 401', async () => {
    const clock = fixedClock(0)
    const upstream = await upstreamServer(() => {})
    const { port } = await proxyTo(upstream, { clock }, { ...jane, expiresAtMs: 1000 })
    const answered = call(port)
    await until(() => upstream.received.length === 1)
    clock.advance(1000)
    expect((await answered).resume().statusCode).toBe(401)
  })
})
