import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receivedBy } from '../../../test/raw-server.ts'
import { applyHeaderChanges, incomingMessageRequest, type NodeRequest } from './index.ts'

/** A request with this many headers, of which the last is told apart. */
const lines = (count: number): readonly string[] => [
  'GET /a?b HTTP/1.1',
  'Host: localhost',
  ...Array.from({ length: count - 2 }, () => 'B:'),
  'Last: yes',
  '',
]

type Limit = number | null | undefined | string

/** @param limit `undefined`: it is not even set. */
async function received(limit: Limit, count: number): Promise<NodeRequest | undefined> {
  return receivedBy(
    (server) => {
      // A string is none of the types it has, and Node takes it all the same.
      if (limit !== undefined) server.maxHeadersCount = limit as number | null
    },
    ...lines(count),
  )
}

const hasLast = (message: NodeRequest): boolean => message.rawHeaders.at(-2) === 'Last'

describe('a request over HTTP/1', () => {
  it.each<readonly [limit: Limit, counts: readonly number[]]>([
    [undefined, [1000, 1001, 1022, 1023, 1024, 1025, 1500, 2500]],
    [null, [1000, 1023, 1024, 2000]],
    ['50', [1000, 1024, 2000]],
    [1, [2, 31, 32, 33, 100]],
    [2.5, [2, 31, 32, 33, 100]],
    [31, [31, 32, 33, 62, 63]],
    [32, [32, 33, 62, 63, 64]],
    [62, [62, 63, 64, 93, 94]],
    [100, [100, 101, 123, 124, 125, 500]],
    [1500, [1500, 1519, 1520, 2500]],
  ])('is refused where Node may have cut it: maxHeadersCount %s, of %j headers', async (limit, counts) => {
    for (const count of counts) {
      const message = await received(limit, count)
      // Newer versions answer by themselves what is over the limit.
      if (message === undefined) continue
      const { refusal, path, query, method, httpVersionMajor } = incomingMessageRequest(message)
      expect([count, refusal?.status]).toEqual([count, 431])
      expect({ path, query, method, httpVersionMajor }).toEqual({
        path: '/a',
        query: 'b',
        method: 'GET',
        httpVersionMajor: 1,
      })
    }
  })

  it.each<readonly [limit: Limit, counts: readonly number[]]>([
    [undefined, [2, 500, 999]],
    [null, [2, 999]],
    ['50', [49, 50, 51, 999]],
    [31, [2, 30]],
    [32, [2, 31]],
    [62, [2, 61]],
    [100, [2, 99]],
    [1500, [1000, 1001, 1499]],
    [0, [2, 1000, 1024, 1500, 3000]],
    [-1, [2, 1000, 1500, 3000]],
    [Number.POSITIVE_INFINITY, [2, 1000, 1500, 3000]],
  ])('passes where it is whole: maxHeadersCount %s, of %j headers', async (limit, counts) => {
    for (const count of counts) {
      const message = await received(limit, count)
      if (message === undefined) throw new Error('the server answered by itself')
      const request = incomingMessageRequest(message)
      expect([count, hasLast(message), request.refusal]).toEqual([count, true, undefined])
      expect(request.headers.first('last')).toBe('yes')
    }
  })

  it('says what is wrong in a Status, and hides the headers that are there', async () => {
    const message = await received(40, 40)
    if (message === undefined) throw new Error('the server answered by itself')
    const request = incomingMessageRequest(message, '/other?target')
    expect(request).toMatchObject({ path: '/other', query: 'target' })
    expect(request.refusal?.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'The request has more header fields than this server reads',
      reason: 'RequestHeaderFieldsTooLarge',
      code: 431,
    })
    expect(() => request.headers).toThrow(request.refusal)
  })

  it('stays cut when headers are removed from it, or the server takes more meanwhile', async () => {
    const message = await received(40, 40)
    if (message === undefined) throw new Error('the server answered by itself')
    expect(incomingMessageRequest(message).refusal?.status).toBe(431)
    applyHeaderChanges(message, { remove: ['b'] })
    expect(message.rawHeaders).toHaveLength(4)
    for (const same of [message, new Proxy(message, {}), Object.create(message) as typeof message]) {
      expect(incomingMessageRequest(same).refusal?.status).toBe(431)
    }
  })

  it.each([
    { what: 'a parser that is gone', socket: { parser: null, server: { maxHeadersCount: 5 } }, kept: 5 },
    {
      what: 'a parser that another connection has',
      socket: { parser: { maxHeaderPairs: 2000 }, server: { maxHeadersCount: 5 } },
      kept: 5,
    },
    {
      what: 'a server that was told otherwise later',
      socket: { parser: { maxHeaderPairs: 10 }, server: { maxHeadersCount: 0 } },
      kept: 5,
    },
    { what: 'a socket without a server', socket: {}, kept: 1000 },
    { what: 'no socket', socket: null, kept: 1000 },
    { what: 'a socket that is none', socket: 'socket', kept: 1000 },
  ])('is measured by the lowest limit there is: $what', ({ socket, kept }) => {
    const message = (count: number): NodeRequest => ({
      rawHeaders: Array.from({ length: count * 2 }, () => 'a'),
      headers: {},
      httpVersionMajor: 1,
      socket,
    })
    expect(incomingMessageRequest(message(kept - 1)).refusal).toBeUndefined()
    expect(incomingMessageRequest(message(kept)).refusal?.status).toBe(431)
  })
})

it('a request over HTTP/2 is whole, or does not come: Node resets the stream', async () => {
  const server = createHttp2Server({ maxHeaderListPairs: 5000, settings: { maxHeaderListSize: 1_000_000 } })
  const whole = new Promise<number>((resolve) => {
    server.on('request', (message, response) => {
      expect(incomingMessageRequest(message).refusal).toBeUndefined()
      resolve(incomingMessageRequest(message).headers.all('b').length)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    maxHeaderListPairs: 5000,
  })
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  session.request({ b: Array.from({ length: 1500 }, () => '') }).on('error', () => undefined)
  expect(await whole).toBe(1500)
})
