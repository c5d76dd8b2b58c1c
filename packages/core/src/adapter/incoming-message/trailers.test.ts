import { createServer, type IncomingMessage } from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { applyHeaderChanges } from './index.ts'

const changes = { remove: ['x-identity'], removePrefixes: ['x-custom-'] }
const kept = { 'x-checksum': 'abc' }
const sent = {
  ...kept,
  'x-remote-user': 'root',
  'x-remote-group': 'system:masters',
  'x-remote-extra-scopes': 'all',
  x_remote_uid: '1',
  'impersonate-user': 'root',
  'impersonate-group': 'system:masters',
  'impersonate-extra-a': 'b',
  'impersonate-what-comes-later': 'root',
  authorization: 'Bearer secret',
  'x-identity': 'configured',
  'x-custom-a': 'configured',
}

type Seen = readonly [raw: readonly string[], trailers: object, distinct?: object]

const seenOf = (message: IncomingMessage): Seen => [
  [...message.rawTrailers],
  { ...message.trailers },
  { ...message.trailersDistinct },
]

/** What an application sees of the trailers of a request in chunks: at once, when the body came to its end, and later. */
async function overHttp1(
  use: (message: IncomingMessage) => unknown,
  trailers: Record<string, string> = sent,
): Promise<{ readonly atEnd: Seen; readonly later: Seen; readonly early: object }> {
  const server = createServer()
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const seen = new Promise<{ atEnd: Seen; later: Seen; early: object }>((resolve, reject) => {
    const look = async (message: IncomingMessage): Promise<void> => {
      await use(message)
      const early = message.trailers
      const atEnd = new Promise<Seen>((tell) => message.once('end', () => tell(seenOf(message))))
      message.resume()
      resolve({ atEnd: await atEnd, later: seenOf(message), early })
    }
    server.once('request', (message) => void look(message).catch(reject))
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}`)
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n')
  socket.write(['0', ...lines, '', ''].join('\r\n'))
  return seen
}

const REMOVED = 'x-removed-trailer'

function expectNothing(seen: unknown): void {
  expect(JSON.stringify(seen)).not.toMatch(
    /root|masters|scopes|secret|configured|remote|impersonate|authoriz/i,
  )
}

describe('trailers over HTTP/1', () => {
  it.each([
    { when: 'before they come', use: (message: IncomingMessage) => applyHeaderChanges(message, changes) },
    {
      when: 'when they have come',
      use: async (message: IncomingMessage) => {
        while (!message.complete) await new Promise((resolve) => setImmediate(resolve))
        applyHeaderChanges(message, changes)
      },
    },
    {
      when: 'when they have come and were read',
      use: async (message: IncomingMessage) => {
        while (!message.complete) await new Promise((resolve) => setImmediate(resolve))
        expect(message.trailers).toHaveProperty('x-remote-user', 'root')
        expect(message.trailersDistinct).toHaveProperty('x-remote-user')
        applyHeaderChanges(message, changes)
      },
    },
    {
      when: 'by two middlewares, the second one late',
      use: async (message: IncomingMessage) => {
        applyHeaderChanges(message, { remove: [] })
        while (!message.complete) await new Promise((resolve) => setImmediate(resolve))
        applyHeaderChanges(message, changes)
      },
    },
  ])('have no identity: removed $when', async ({ use }) => {
    const seen = await overHttp1(use)
    expectNothing(seen)
    for (const [raw, trailers, distinct] of [seen.atEnd, seen.later]) {
      expect(raw).toHaveLength(Object.keys(sent).length * 2)
      expect(raw.slice(0, 2)).toEqual(['x-checksum', 'abc'])
      expect(trailers).toMatchObject(kept)
      expect(Object.keys(trailers).toSorted()).toEqual(expect.arrayContaining(['x-checksum']))
      expect(Object.keys(distinct ?? {})).toContain('x-checksum')
    }
  })

  it('have none either in what was read before they came', async () => {
    const seen = await overHttp1((message) => {
      expect([message.trailers, message.trailersDistinct]).toEqual([{}, {}])
      applyHeaderChanges(message, changes)
    })
    expectNothing(seen)
    expect(seen.early).toMatchObject(kept)
  })

  it('are as they were sent where there is no identity', async () => {
    const { atEnd } = await overHttp1((message) => applyHeaderChanges(message, changes), kept)
    expect(atEnd).toEqual([['x-checksum', 'abc'], kept, { 'x-checksum': ['abc'] }])
  })

  it('have something harmless in the place of an identity', async () => {
    const { atEnd } = await overHttp1((message) => applyHeaderChanges(message, changes), {
      'x-remote-user': 'root',
      ...kept,
    })
    expect(atEnd[0]).toEqual([REMOVED, '', 'x-checksum', 'abc'])
  })

  it('are watched for only where a body comes in chunks', async () => {
    const server = createServer()
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const own = new Promise<PropertyDescriptor | undefined>((resolve) => {
      server.once('request', (message, response) => {
        applyHeaderChanges(message, changes)
        resolve(Object.getOwnPropertyDescriptor(message, 'rawTrailers'))
        response.end()
      })
    })
    const { port } = server.address() as AddressInfo
    await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    expect(await own).toMatchObject({ value: [] })
  })
})

describe('trailers over HTTP/2', () => {
  it.each([{ isLate: false }, { isLate: true }])(
    'have no identity, neither in the request nor in its stream (late: $isLate)',
    async ({ isLate }) => {
      const server = createHttp2Server()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const seen = new Promise<readonly unknown[]>((resolve) => {
        server.once('request', (message: Http2ServerRequest, response) => {
          const told: unknown[] = []
          const stream: ServerHttp2Stream = message.stream
          if (isLate) stream.once('trailers', () => applyHeaderChanges(message, changes))
          else applyHeaderChanges(message, changes)
          if (!isLate) stream.once('trailers', (...all: unknown[]) => told.push(all))
          message.once('end', () => {
            resolve([{ ...message.trailers }, [...message.rawTrailers], told])
            response.end()
          })
          message.resume()
        })
      })
      const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      onTestFinished(() => {
        session.destroy()
        server.close()
      })
      const stream = session.request({ ':method': 'POST', ':path': '/' }, { waitForTrailers: true })
      stream.on('error', () => undefined).on('wantTrailers', () => stream.sendTrailers(sent))
      stream.end('hi')
      const [trailers, raw, told] = await seen
      expectNothing([trailers, raw, told])
      expect(Object.entries(trailers as object)).toEqual(Object.entries(kept))
      expect(raw).toEqual(expect.arrayContaining(['x-checksum', 'abc']))
    },
  )
})
