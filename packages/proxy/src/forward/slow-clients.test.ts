import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import {
  everyoneIs,
  exchange,
  jane,
  listening,
  onUpgrade,
  portOf,
  type RunningUpstream,
  until,
  upstreamServer,
} from '../../test/servers.ts'
import { impersonatingProxy } from '../index.ts'

/** A proxy on a server that waits less than a second for a request, where Node's defaults are 60 for its head, and 300 for all of it. */
async function impatient({ url, ca }: RunningUpstream): Promise<number> {
  const proxy = impersonatingProxy({
    authenticator: everyoneIs(jane),
    upstream: { server: url, ca, credential: { type: 'token', token: 'own-token' } },
    log: false,
  })
  onTestFinished(proxy.close)
  const server = createServer(
    { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 20 },
    proxy.express(),
  )
  proxy.attach(server)
  await listening(server)
  return portOf(server)
}

const HEAD = 'POST /api HTTP/1.1\r\nHost: a\r\n'

it.each([
  ['nothing', ''],
  ['half a line', 'GET /ap'],
  ['half a head', `${HEAD}X-A: `],
  ['a head without its end', `${HEAD}Content-Length: 3\r\n`],
])('a client that sends %s gets a 408 by Node, and has no connection to the upstream', async (_, bytes) => {
  const upstream = await upstreamServer()
  const port = await impatient(upstream)
  expect(await exchange(port, bytes)).toMatch(/^HTTP\/1\.1 408 /)
  expect([upstream.received.length, upstream.sockets.size]).toEqual([0, 0])
})

it.each([
  ['no body', 'Content-Length: 10\r\n\r\n'],
  ['a part of its body', 'Content-Length: 10\r\n\r\nabc'],
  ['no chunk', 'Transfer-Encoding: chunked\r\n\r\n'],
  ['half a chunk', 'Transfer-Encoding: chunked\r\n\r\n5\r\nab'],
  ['no end of its chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n'],
])(
  'a client that sends %s loses its connection to the upstream, in which no request is whole',
  async (_, rest) => {
    let isWhole = false
    const upstream = await upstreamServer((message, response) => {
      message.resume().once('end', () => {
        isWhole = message.complete
        response.end()
      })
      message.on('error', () => {})
    })
    const port = await impatient(upstream)
    expect(await exchange(port, HEAD + rest)).toMatch(/^(?:HTTP\/1\.1 408 .*)?$/s)
    await until(() => upstream.sockets.size === 0)
    expect(isWhole).toBe(false)
  },
)

it('a client that sends a byte now and then has no longer, and others are served meanwhile', async () => {
  const upstream = await upstreamServer((message, response) => {
    message.on('error', () => {})
    if (message.method === 'GET') response.end('served')
    else message.resume()
  })
  const port = await impatient(upstream)
  const slow = Array.from({ length: 20 }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    socket.write(`${HEAD}Content-Length: 100000\r\n\r\n`)
    const timer = setInterval(() => socket.write('x'), 10)
    socket.once('close', () => clearInterval(timer))
    onTestFinished(() => void socket.destroy())
    return socket
  })
  const answer = await exchange(port, 'GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  expect(answer).toContain('served')
  await until(() => slow.every(({ destroyed }) => destroyed))
  // The connection of the request that was served is kept for the next one.
  await until(() => upstream.sockets.size <= 1)
  expect(upstream.sockets.size).toBe(1)
})

it('a watch and a tunnel last longer than a request may take', async () => {
  const upstream = await upstreamServer((_, response) => {
    response.write('one\n')
    setTimeout(() => response.end('two\n'), 1200)
  })
  onUpgrade(upstream, (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    setTimeout(() => socket.end('late'), 1200)
  })
  const port = await impatient(upstream)
  const [watch, tunnel] = await Promise.all([
    exchange(port, 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    exchange(
      port,
      'GET /api/v1/nodes/a/proxy HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ),
  ])
  expect(watch).toContain('two\n')
  expect(tunnel).toContain('late')
})
