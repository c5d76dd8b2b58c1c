import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2ServerRequest,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receivedBy } from '../../../test/raw-server.ts'
import { COMPLETE_FIELDS, incomingMessageRequest, type NodeRequest } from './index.ts'

/** The same message, sent over HTTP/1 and over HTTP/2. */
const sent = [
  ['x-remote-user', 'root'],
  ['x-remote-group', 'a'],
  ['x-remote-group', 'b, c'],
  ['authorization', 'Bearer one'],
] as const

async function overHttp1(): Promise<NodeRequest> {
  const lines = sent.map(([name, value]) => `${name}: ${value}`)
  const message = await receivedBy(() => undefined, 'GET / HTTP/1.1', 'Host: localhost', ...lines, '')
  if (message === undefined) throw new Error('it was refused')
  return message
}

async function overHttp2(
  mark: (message: Http2ServerRequest) => void = () => undefined,
): Promise<NodeRequest> {
  const server = createHttp2Server()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const message = new Promise<Http2ServerRequest>((resolve) =>
    server.once('request', (request) => resolve(request)),
  )
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  const headers: Record<string, string[]> = {}
  for (const [name, value] of sent) (headers[name] ??= []).push(value)
  session.request({ ...headers, authorization: 'Bearer one' }).on('error', () => undefined)
  const received = await message
  mark(received)
  return received
}

const takers = [
  { how: 'deletes it', take: (headers: NodeRequest['headers']) => void delete headers['x-remote-group'] },
  {
    how: 'sets it to undefined',
    take: (headers: NodeRequest['headers']) => void (headers['x-remote-group'] = undefined),
  },
  {
    how: 'sets it to null',
    take: (headers: NodeRequest['headers']) => void (headers['x-remote-group'] = null as never),
  },
]

describe.each([
  { over: 'HTTP/1', receive: overHttp1 },
  { over: 'HTTP/2', receive: () => overHttp2() },
])('a header over $over', ({ receive }) => {
  it.each(takers)('does not count where an application $how, before or after', async ({ take }) => {
    const message = await receive()
    const before = incomingMessageRequest(message)
    expect(before.headers.all('x-remote-group')).toEqual(['a', 'b, c'])
    take(message.headers)
    for (const { headers } of [before, incomingMessageRequest(message)]) {
      expect(headers.first('x-remote-group')).toBeUndefined()
      expect(headers.all('x-remote-group')).toEqual([])
      expect([...headers.entries()].map(([name]) => name)).not.toContain('x-remote-group')
      expect(headers.first('x-remote-user')).toBe('root')
    }
  })

  it('has the values that were sent, whatever became of those that an application sees', async () => {
    const message = await receive()
    message.headers['x-remote-group'] = 'other'
    message.headers['x-new'] = 'new'
    const { headers } = incomingMessageRequest(message)
    expect(headers.all('x-remote-group')).toEqual(['a', 'b, c'])
    expect(headers.first('x-new')).toBeUndefined()
  })

  it('does not count where another view of the message has none', async () => {
    const view = new Headers({ 'x-remote-user': 'root' })
    const { headers } = incomingMessageRequest(await receive(), undefined, view)
    expect(headers.first('x-remote-user')).toBe('root')
    expect(headers.all('x-remote-group')).toEqual([])
    expect(headers.first('authorization')).toBeUndefined()
  })
})

it('does not count either where an application replaced all headers', async () => {
  const message = await overHttp1()
  Object.assign(message, { headers: { 'x-remote-user': 'root' } })
  const { headers } = incomingMessageRequest(message)
  expect([...headers.entries()]).toEqual([['x-remote-user', 'root']])
})

it('headers are not made by Node for a name that was not sent', () => {
  let reads = 0
  const message: NodeRequest = {
    rawHeaders: ['A', '1'],
    get headers() {
      reads++
      return { a: '1' }
    },
    httpVersionMajor: 1,
  }
  const { headers } = incomingMessageRequest(message)
  expect([headers.first('b'), headers.all('authorization'), reads]).toEqual([undefined, [], 0])
  expect([headers.first('a'), reads]).toEqual(['1', 1])
})

describe('that no header was lost unseen', () => {
  it('holds over HTTP/1', async () => {
    expect(incomingMessageRequest(await overHttp1()).headers.complete).toBe(true)
  })

  it.each<readonly [unknown, boolean]>([
    [undefined, false],
    [false, false],
    ['true', false],
    [1, false],
    [true, true],
  ])('over HTTP/2, where the server says %j, is %j', async (mark, complete) => {
    const message = await overHttp2((request) => {
      if (mark !== undefined) Object.assign(request, { [COMPLETE_FIELDS]: mark })
    })
    expect(incomingMessageRequest(message).headers.complete).toBe(complete)
  })

  it('is said by a symbol that all copies of this package share', () => {
    expect(COMPLETE_FIELDS).toBe(Symbol.for('@kube-authn/completeFields'))
  })
})
