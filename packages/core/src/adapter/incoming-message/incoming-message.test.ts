import { createServer, type IncomingMessage } from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2ServerRequest,
} from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { basic } from '../../request/basic.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import { applyHeaderChanges, closeConnection, incomingMessageRequest, type NodeRequest } from './index.ts'

const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

/** Sends text to a server of Node's, and gives the request it makes of it. */
async function received(...lines: readonly string[]): Promise<IncomingMessage> {
  const server = createServer()
  cleanUps.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const request = new Promise<IncomingMessage>((resolve) => server.once('request', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(Buffer.from([...lines, 'Host: localhost', '', ''].join('\r\n'), 'latin1'))
  cleanUps.push(() => socket.destroy())
  return request
}

/** Sends headers over HTTP/2, and gives the request that a server of Node's makes of them. */
async function receivedHttp2(headers: Record<string, string | string[]>): Promise<Http2ServerRequest> {
  const server = createHttp2Server()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const request = new Promise<Http2ServerRequest>((resolve) =>
    server.once('request', (message) => resolve(message)),
  )
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  session.request(headers).on('error', () => undefined)
  cleanUps.push(() => {
    session.destroy()
    server.close()
  })
  return request
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

describe('a request over HTTP/1', () => {
  it('is what was sent, with repeated headers apart and in order', async () => {
    const request = incomingMessageRequest(
      await received(
        'POST /a%20b?c=d HTTP/1.1',
        'X-A: one',
        'Authorization: Bearer a',
        'authorization: Bearer b',
        'x-a: two, three',
        'Content-Length: 0',
      ),
    )
    expect(request).toMatchObject({ method: 'POST', path: '/a%20b', query: 'c=d', httpVersionMajor: 1 })
    expect(request.headers.exact).toBe(true)
    expect(request.headers.all('x-a')).toEqual(['one', 'two, three'])
    expect(request.headers.all('authorization')).toEqual(['Bearer a', 'Bearer b'])
    expect(request.headers.first('authorization')).toBe('Bearer a')
  })

  it.each([
    ['UTF-8', latin1('żółć'), 'żółć'],
    ['bytes that are not UTF-8', 'a\xff', 'a\udcff'],
  ])('has %s as text', async (_, sent, text) => {
    const request = incomingMessageRequest(await received('GET / HTTP/1.1', `X-A: ${sent}`))
    expect(request.headers.first('x-a')).toBe(text)
  })

  it.each([
    ['GET http://example.com/a?b HTTP/1.1', '/a', 'b'],
    ['GET //x/y HTTP/1.1', '//x/y', ''],
    ['OPTIONS * HTTP/1.1', '*', ''],
    ['GET /? HTTP/1.1', '/', ''],
    ['GET HTTPS://example.com HTTP/1.1', '/', ''],
    ['GET http://[::1]:8080?a HTTP/1.1', '/', 'a'],
    ['GET http://127.0.0.1:80/a?b HTTP/1.1', '/a', 'b'],
    ['GET /a://h:b/c HTTP/1.1', '/a://h:b/c', ''],
  ])('of %s has the path %s', async (line, path, query) => {
    expect(incomingMessageRequest(await received(line))).toMatchObject({ path, query })
  })

  it.each([
    'http://h:a/healthz',
    'http://h%61/healthz',
    'http://h;a/healthz',
    "http://h'a/healthz",
    'http://user@h/healthz',
    'http:///healthz',
    'http://%68/healthz',
    'javascript://h/healthz',
    'foo://h/healthz',
    '//a@h/healthz#',
    '/healthz#',
    'http://h/healthz#',
  ])('of the target %s has no path that any condition would let pass', async (target) => {
    const request = incomingMessageRequest(await received(`GET ${target}?a HTTP/1.1`))
    expect(request).toMatchObject({ path: `${target}?a`, query: '' })
  })

  it('has the target that a framework kept, where it rewrote the URL', async () => {
    const message = await received('GET /api/users?a HTTP/1.1')
    message.url = '/users?a'
    expect(incomingMessageRequest(message).path).toBe('/users')
    expect(incomingMessageRequest(message, '/api/users?a')).toMatchObject({ path: '/api/users', query: 'a' })
  })

  it('is a GET of / when Node says nothing of it', () => {
    const message: NodeRequest = { rawHeaders: [], headers: {}, httpVersionMajor: 1 }
    expect(incomingMessageRequest(message)).toMatchObject({ method: 'GET', path: '/', query: '' })
  })
})

describe('header changes over HTTP/1', () => {
  const lines = [
    'GET / HTTP/1.1',
    'Authorization: Bearer a',
    'X-Keep: one',
    'AUTHORIZATION: Bearer b',
    'X-Remote-Extra-A: a',
    'x-remote-extra-b: b',
    'x-keep: two',
    'Sec-WebSocket-Protocol: secret, chat',
    'sec-websocket-protocol: v2',
  ]
  const changes = {
    remove: ['authorization', 'x-none'],
    removePrefixes: ['x-remote-extra-'],
    replace: [
      ['sec-websocket-protocol', 'chat,v2'],
      ['x-none', 'new'],
    ] as const,
  }

  it('do not take long where there are many', () => {
    const names = Array.from({ length: 40_000 }, (_, index) => `x-remote-extra-${index}`)
    const message: NodeRequest = {
      rawHeaders: names.flatMap((name) => [name, 'a']),
      headers: Object.fromEntries(names.map((name) => [name, 'a'])),
      httpVersionMajor: 1,
    }
    const spent = cpuSecondsOf(() => {
      expect(applyHeaderChanges(message, changes)).toBe(true)
    })
    expect(spent).toBeLessThan(1)
    expect([message.rawHeaders, message.headers]).toEqual([[], {}])
  })

  it.each([
    ['untouched', () => undefined],
    ['read', (message: IncomingMessage) => message.headers],
    ['read apart', (message: IncomingMessage) => message.headersDistinct],
    ['read both ways', (message: IncomingMessage) => [message.headersDistinct, message.headers]],
  ])('reach everything of a request whose headers were %s before', async (_, read) => {
    const message = await received(...lines)
    read(message)
    const { rawHeaders } = message
    applyHeaderChanges(message, changes)
    expect(message.rawHeaders).toBe(rawHeaders)
    expect(rawHeaders).toEqual([
      'X-Keep',
      'one',
      'x-keep',
      'two',
      'Host',
      'localhost',
      'sec-websocket-protocol',
      'chat,v2',
    ])
    expect(message.headers).toEqual({
      'x-keep': 'one, two',
      host: 'localhost',
      'sec-websocket-protocol': 'chat,v2',
    })
    expect({ ...message.headersDistinct }).toEqual({
      'x-keep': ['one', 'two'],
      host: ['localhost'],
      'sec-websocket-protocol': ['chat,v2'],
    })
  })

  it('reach the request that was made before', async () => {
    const message = await received(...lines)
    const request = incomingMessageRequest(message)
    applyHeaderChanges(message, changes)
    expect(request.headers.all('authorization')).toEqual([])
    expect([...request.headers.entries()].map(([name]) => name)).toEqual([
      'x-keep',
      'x-keep',
      'host',
      'sec-websocket-protocol',
    ])
  })

  it.each([
    ['names in capitals', [['Sec-WebSocket-Protocol', 'chat']], 'chat'],
    ['letters as the bytes they were sent as', [['sec-websocket-protocol', 'ü,☃']], latin1('ü,☃')],
    ['bytes that are not UTF-8', [['SEC-WEBSOCKET-PROTOCOL', 'ü\uDCFE']], `${latin1('ü')}\u00FE`],
  ] as const)('replace %s', async (_, replace, written) => {
    const message = await received(...lines)
    expect(applyHeaderChanges(message, { remove: [], replace })).toBe(true)
    expect(message.rawHeaders.slice(-2)).toEqual(['sec-websocket-protocol', written])
    expect(message.headers['sec-websocket-protocol']).toBe(written)
    expect(message.headersDistinct['sec-websocket-protocol']).toEqual([written])
  })

  it.each([
    ['nothing is to change', { remove: [] }],
    ['nothing of it is there', { remove: ['x-none'], removePrefixes: ['x-none-'] }],
    ['a replaced header is not there', { remove: [], replace: [['x-none', 'new']] as const }],
  ])('touch nothing when %s', async (_, nothing) => {
    const message = await received(...lines)
    const before = { raw: [...message.rawHeaders], headers: { ...message.headers } }
    expect(applyHeaderChanges(message, nothing)).toBe(false)
    expect({ raw: message.rawHeaders, headers: { ...message.headers } }).toEqual(before)
  })

  it('can be made again, and then change nothing', async () => {
    const message = await received(...lines)
    expect(applyHeaderChanges(message, { remove: ['authorization'] })).toBe(true)
    const once = [...message.rawHeaders]
    expect(applyHeaderChanges(message, { remove: ['authorization'] })).toBe(false)
    expect(message.rawHeaders).toEqual(once)
  })

  it('leave a header with a name like a property where it is', async () => {
    const message = await received('GET / HTTP/1.1', '__proto__: a', 'constructor: b', 'Authorization: c')
    applyHeaderChanges(message, { remove: ['authorization'] })
    expect(incomingMessageRequest(message).headers.first('__proto__')).toBe('a')
    expect(message.headers['constructor']).toBe('b')
    expect(message.headers).not.toHaveProperty('authorization')
  })
})

describe('a request over HTTP/2', () => {
  const sent = {
    ':path': '/a?b',
    ':method': 'GET',
    authorization: 'Bearer a',
    'x-remote-extra-a': 'a',
    'x-keep': ['one', 'two, three'],
    'x-utf8': latin1('żółć'),
  }

  it('is what was sent, with repeated headers apart and decoded', async () => {
    const request = incomingMessageRequest(await receivedHttp2(sent))
    expect(request).toMatchObject({ method: 'GET', path: '/a', query: 'b', httpVersionMajor: 2 })
    expect(request.headers.all('x-keep')).toEqual(['one', 'two, three'])
    expect(request.headers.first('authorization')).toBe('Bearer a')
    expect(request.headers.first('x-utf8')).toBe('żółć')
  })

  it('loses what it is told to lose, in everything that shows headers', async () => {
    const message = await receivedHttp2(sent)
    const isChanged = applyHeaderChanges(message, {
      remove: ['authorization'],
      removePrefixes: ['x-remote-extra-'],
      replace: [['x-keep', 'new']],
    })
    expect(isChanged).toBe(true)
    const names = message.rawHeaders.filter((_, index) => index % 2 === 0)
    expect(names).not.toContain('authorization')
    expect(names).not.toContain('x-remote-extra-a')
    expect(names.filter((name) => name === 'x-keep')).toHaveLength(1)
    expect(message.headers).not.toHaveProperty('authorization')
    expect(message.headers).not.toHaveProperty('x-remote-extra-a')
    expect(message.headers['x-keep']).toBe('new')
    expect(message.headers[':path']).toBe('/a?b')
    expect(message.stream.session).toBeDefined()
  })

  it('lets its connection end when told to', async () => {
    const message = await receivedHttp2(sent)
    const close = vi.spyOn(message.stream.session!, 'close')
    closeConnection(message)
    expect(close).toHaveBeenCalledOnce()
  })
})

describe('closeConnection', () => {
  it.each([
    ['HTTP/1', {}],
    ['a stream without a session', { stream: {} }],
    ['a session that is gone', { stream: { session: undefined } }],
    ['a session that cannot be closed', { stream: { session: {} } }],
  ])('does nothing with %s', (_, message) => {
    expect(() => closeConnection(message)).not.toThrow()
  })
})

describe('the address of the peer', () => {
  it('is that of the connection, over HTTP/1 and HTTP/2', async () => {
    const http1 = incomingMessageRequest(await received('GET / HTTP/1.1'))
    const http2 = incomingMessageRequest(await receivedHttp2({ ':path': '/' }))
    expect([http1.remoteAddress?.(), http2.remoteAddress?.()]).toEqual(['127.0.0.1', '127.0.0.1'])
  })

  it('is told to what is expensive to check, and not looked up for anything else', async () => {
    const message = await received('GET / HTTP/1.1', `Authorization: Basic ${btoa('jane:p')}`)
    const lookedUp = vi.spyOn(message.socket, 'remoteAddress', 'get')
    const seen: (string | undefined)[] = []
    const decide = (looks: boolean) =>
      authenticateRequest(
        basic({
          name: 'passwords',
          authenticatePassword(_username, _password, context) {
            if (looks) seen.push(context.remoteAddress)
            return undefined
          },
        }),
      )
    await decide(false)(incomingMessageRequest(message))
    expect(lookedUp).not.toHaveBeenCalled()
    await decide(true)(incomingMessageRequest(message))
    expect(seen).toEqual(['127.0.0.1'])
  })

  it.each([
    ['there is no socket', undefined],
    ['the socket is none', 'socket'],
    ['it is a Unix socket', {}],
    ['it is odd', { remoteAddress: 7 }],
    [
      'the connection is gone',
      {
        get remoteAddress(): string {
          throw new Error('gone')
        },
      },
    ],
  ])('is not told where %s', (_, socket) => {
    const message: NodeRequest = { rawHeaders: [], headers: {}, httpVersionMajor: 1, socket }
    expect(incomingMessageRequest(message).remoteAddress?.()).toBeUndefined()
  })
})
