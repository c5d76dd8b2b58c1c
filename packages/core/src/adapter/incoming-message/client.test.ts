import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { clientContext, whenOver } from './client.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

type Handle = (req: IncomingMessage, res: ServerResponse) => void

/** Listens, and opens a connection to write requests to. */
async function connectionTo(handle: Handle): Promise<{ readonly client: Socket; readonly server: Server }> {
  const server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {}).on('data', () => {})
  closers.push(
    () => client.destroy(),
    () => server.close(),
  )
  await once(client, 'connect')
  return { client, server }
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi'

/** The end of a socket, with an error or without. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Everything that a request of a server can tell, once `count` of them have arrived. */
class Requests {
  readonly all: { readonly req: IncomingMessage; readonly res: ServerResponse }[] = []
  readonly arrived: Promise<void>
  readonly handle: Handle

  constructor(count: number, onRequest: Handle = () => {}) {
    let resolve = (): void => {}
    this.arrived = new Promise((done) => {
      resolve = done
    })
    this.handle = (req, res) => {
      this.all.push({ req, res })
      onRequest(req, res)
      if (this.all.length === count) resolve()
    }
  }
}

/** The status of a request, as soon as it is told. */
function statusOf(req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse) {
  return new Promise<number>((resolve) => whenOver(req, res)(resolve))
}

describe('whenOver, over HTTP/1', () => {
  it('tells the status of an answer', async () => {
    const told = new Promise<number>((resolve) => {
      void connectionTo((req, res) => {
        void statusOf(req, res).then(resolve)
        res.writeHead(418).end('short')
      }).then(({ client }) => client.write(GET))
    })
    expect(await told).toBe(418)
  })

  it.each([
    { what: 'a request alone on its connection', sent: GET, count: 1 },
    { what: 'requests queued behind another one', sent: GET + GET + GET, count: 3 },
    { what: 'requests whose bodies were read, behind another one', sent: GET + POST + POST, count: 3 },
  ])('tells 499 of $what, when the connection is reset', async ({ sent, count }) => {
    const told: Promise<number>[] = []
    const requests = new Requests(count, (req, res) => {
      req.resume()
      told.push(statusOf(req, res))
    })
    const { client } = await connectionTo(requests.handle)
    client.write(sent)
    await requests.arrived
    client.resetAndDestroy()
    expect(await Promise.all(told)).toEqual(Array.from({ length: count }, () => 499))
  })

  it('reports 499 for a queued request that the app has answered after its client disconnected', async () => {
    const told: Promise<number>[] = []
    const requests = new Requests(2, (req, res) => {
      told.push(statusOf(req, res))
      if (told.length === 2) res.end('wiped')
    })
    const { client } = await connectionTo(requests.handle)
    client.write(GET + GET)
    await requests.arrived
    client.resetAndDestroy()
    expect(await Promise.all(told)).toEqual([499, 499])
  })

  it('tells 499 at once when the client has gone before anything asks', async () => {
    const requests = new Requests(2)
    const { client } = await connectionTo(requests.handle)
    client.write(GET + GET)
    await requests.arrived
    const [first, second] = requests.all
    const closed = closeOf(first?.req.socket ?? client)
    client.resetAndDestroy()
    await closed
    for (const { req, res } of [first, second].filter((each) => each !== undefined)) {
      const tell = vi.fn()
      whenOver(req, res)(tell)
      expect(tell.mock.calls).toEqual([[499]])
      expect(clientContext(req, res).signal.aborted).toBe(true)
    }
  })

  it('tells the status at once when the answer was sent before anything asks', async () => {
    const requests = new Requests(1)
    const { client } = await connectionTo(requests.handle)
    client.write(GET)
    await requests.arrived
    const [first] = requests.all
    if (first === undefined) throw new Error('no request')
    const finished = once(first.res, 'finish')
    first.res.writeHead(204).end()
    await finished
    expect(await statusOf(first.req, first.res)).toBe(204)
    expect(clientContext(first.req, first.res).signal.aborted).toBe(false)
  })

  it('tells each listener once', async () => {
    const requests = new Requests(1)
    const { client } = await connectionTo(requests.handle)
    client.write(GET)
    await requests.arrived
    const [first] = requests.all
    if (first === undefined) throw new Error('no request')
    const tell = vi.fn()
    whenOver(first.req, first.res)(tell)
    whenOver(first.req, first.res)(tell)
    const closed = closeOf(first.req.socket)
    first.res.end('done')
    await once(client, 'data')
    client.destroy()
    await closed
    expect(tell.mock.calls).toEqual([[200], [200]])
  })

  it('listens once to a socket, however many requests it carries', async () => {
    const warnings = vi.fn()
    process.on('warning', warnings)
    onTestFinished(() => void process.off('warning', warnings))
    const counts: number[] = []
    const requests = new Requests(40, (req, res) => {
      whenOver(req, res)(() => {})
      counts.push(req.socket.listenerCount('close'))
      if (counts.length > 20) return
      res.end('x')
    })
    const { client } = await connectionTo(requests.handle)
    client.write(GET.repeat(40))
    await requests.arrived
    expect(new Set(counts).size).toBe(1)
    // Warnings are emitted on the next tick.
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).not.toHaveBeenCalled()
  })
})

describe('whenOver, over HTTP/2', () => {
  async function http2Request(
    handle: (req: Http2ServerRequest, res: Http2ServerResponse) => void,
  ): Promise<ClientHttp2Session> {
    const server: Http2Server = createHttp2Server(handle).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    session.on('error', () => {})
    closers.push(
      () => session.destroy(),
      () => server.close(),
    )
    return session
  }

  it.each([
    { what: 'a stream that is reset', leave: (stream: { close(code: number): void }) => stream.close(8) },
    {
      what: 'a connection that breaks',
      leave: (_: unknown, session: ClientHttp2Session) => session.destroy(),
    },
  ])('tells 499 of $what, although Node says that the answer was finished', async ({ leave }) => {
    const told = new Promise<number>((resolve) => {
      let arrive = (): void => {}
      const arrived = new Promise<void>((done) => {
        arrive = done
      })
      void http2Request((req, res) => {
        void statusOf(req, res).then(resolve)
        arrive()
      }).then(async (session) => {
        const stream = session.request({ ':path': '/' })
        stream.on('error', () => {})
        await arrived
        leave(stream, session)
      })
    })
    expect(await told).toBe(499)
  })

  it('tells the status of an answer', async () => {
    const told = new Promise<number>((resolve) => {
      void http2Request((req, res) => {
        void statusOf(req, res).then(resolve)
        res.writeHead(418).end('short')
      }).then((session) => session.request({ ':path': '/' }).resume())
    })
    expect(await told).toBe(418)
  })
})

describe('the signal of a client', () => {
  it('costs no listener until it is read, is the same for all that ask, and ends with the client', async () => {
    const requests = new Requests(2)
    const { client } = await connectionTo(requests.handle)
    client.write(GET + GET)
    await requests.arrived
    const [, queued] = requests.all
    if (queued === undefined) throw new Error('no request')
    const { req, res } = queued
    const counts = (): number[] => [
      req.socket.listenerCount('close'),
      res.listenerCount('close'),
      res.listenerCount('finish'),
    ]
    const before = counts()
    const context = clientContext(req, res, { user: 'jane' })
    expect(context.user).toBe('jane')
    expect(counts()).toEqual(before)

    const { signal } = context
    expect(clientContext(req, res).signal).toBe(signal)
    expect(signal.aborted).toBe(false)
    const aborted = once(signal, 'abort')
    client.resetAndDestroy()
    await aborted
    expect(signal.reason).toMatchObject({ name: 'AbortError', message: 'the client went away' })
  })

  it('does not end when the request was answered, whatever becomes of the connection', async () => {
    const requests = new Requests(1)
    const { client } = await connectionTo(requests.handle)
    client.write(GET)
    await requests.arrived
    const [first] = requests.all
    if (first === undefined) throw new Error('no request')
    const { signal } = clientContext(first.req, first.res)
    const closed = closeOf(first.req.socket)
    first.res.end('done')
    await once(client, 'data')
    client.resetAndDestroy()
    await closed
    expect(signal.aborted).toBe(false)
  })
})
