import { once } from 'node:events'
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  request,
  Agent,
  type ServerResponse,
} from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import { connect, type Server, type Socket } from 'node:net'
import { fakeAuthenticator, fixedClock, noOpinion } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { authenticateUpgrade } from '../upgrade/authenticate-upgrade.ts'
import { lifecycle, type Lifecycle, type LifecycleOptions } from './lifecycle.ts'

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A server whose requests wait until the test ends them, with a clock that stands still. */
async function started(options: LifecycleOptions = {}, listener?: RequestListener) {
  const clock = fixedClock()
  const waiting: { readonly path: string | undefined; readonly end: (text: string) => void }[] = []
  const server = createServer(
    listener ?? (({ url }, response) => waiting.push({ path: url, end: (text) => response.end(text) })),
  )
  const life = lifecycle(server, { clock, shutdownDelaySeconds: 5, shutdownGraceSeconds: 10, ...options })
  const port = await listening(server)
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const arrived = async (count: number): Promise<void> => {
    while (waiting.length < count) await once(server, 'request')
  }
  return { agent, arrived, clock, life, port, server, waiting }
}

interface Answered {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly isComplete: boolean
}

async function answered(response: IncomingMessage): Promise<Answered> {
  let text = ''
  response.setEncoding('utf8').on('data', (data) => (text += String(data)))
  response.on('error', () => {})
  await new Promise((resolve) => response.once('close', resolve))
  return { status: response.statusCode, headers: response.headers, text, isComplete: response.complete }
}

async function ask(port: number, agent: Agent | false = false, headers = {}): Promise<Answered> {
  const [response] = (await once(get({ port, agent, headers, host: '127.0.0.1' }), 'response')) as [
    IncomingMessage,
  ]
  return answered(response)
}

const isOver = (life: Lifecycle) => {
  const over = { yet: false }
  void life.close().then(() => (over.yet = true))
  return over
}

describe('lifecycle', () => {
  it('is not ready at once, accepts requests for the delay, then refuses, and waits for what is running', async () => {
    const { agent, arrived, clock, life, port, waiting } = await started()
    const before = ask(port, agent)
    await arrived(1)
    expect([life.isReady, life.closing.aborted]).toEqual([true, false])
    const over = isOver(life)
    expect([life.isReady, life.closing.aborted]).toEqual([false, false])
    const during = ask(port)
    await arrived(2)
    await clock.advanceAsync(4999)
    expect(life.closing.aborted).toBe(false)
    await clock.advanceAsync(1)
    expect(life.closing.aborted).toBe(true)
    expect(await ask(port)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1', connection: 'close' },
      text: expect.stringContaining('the server is shutting down'),
    })
    expect(waiting).toHaveLength(2)
    waiting[0]?.end('one')
    expect(await before).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
      text: 'one',
      isComplete: true,
    })
    expect(over.yet).toBe(false)
    waiting[1]?.end('two')
    expect(await during).toMatchObject({ status: 200, headers: { connection: 'close' }, text: 'two' })
    await life.close()
    await expect(ask(port)).rejects.toThrow('ECONNREFUSED')
  })

  it('keeps connections alive until it shuts down', async () => {
    const { agent, port, life } = await started({ shutdownDelaySeconds: 0 }, (_, response) =>
      response.end('x'),
    )
    expect((await ask(port, agent)).headers.connection).toBe('keep-alive')
    expect((await ask(port, agent)).headers.connection).toBe('keep-alive')
    const [socket] = Object.values(agent.freeSockets).flat()
    const closed = once(socket!, 'close')
    await life.close()
    await closed
  })

  it('closes an idle connection once the delay is over, not before, and waits for no connection without a request', async () => {
    const { clock, life, port, server } = await started({}, (_, response) => response.end('x'))
    const silent = connect(port, '127.0.0.1')
    await once(server, 'connection')
    const idle = connect(port, '127.0.0.1')
    const closed = Promise.all([once(idle, 'close'), once(silent, 'close')])
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(idle, 'data')
    const over = isOver(life)
    await clock.advanceAsync(4999)
    expect([idle.closed, silent.closed, over.yet]).toEqual([false, false, false])
    await clock.advanceAsync(1)
    await closed
    await life.close()
  })

  it('closes a connection once its last response is over, so that its client asks another server', async () => {
    const responses: ServerResponse[] = []
    const { agent, clock, life, port, server } = await started({}, (_, response) => {
      response.flushHeaders()
      responses.push(response)
    })
    server.keepAliveTimeout = 0
    const sent = [get({ port, agent, host: '127.0.0.1' }), get({ port, agent, host: '127.0.0.1' })]
    const [first, second] = await Promise.all(
      sent.map(async (each) => ((await once(each, 'response')) as [IncomingMessage])[0]),
    )
    const over = isOver(life)
    await clock.advanceAsync(5000)
    const { socket } = first!
    const closed = once(socket, 'close')
    responses.find((each) => each.socket?.remotePort === socket.localPort)?.end('x')
    expect(await answered(first!)).toMatchObject({
      headers: { connection: 'keep-alive' },
      text: 'x',
      isComplete: true,
    })
    await closed
    expect([over.yet, second!.socket.destroyed]).toEqual([false, false])
    for (const each of responses) each.end()
    await life.close()
  })

  it('answers a request that crosses the end of an earlier answer on its connection, but no upgrade', async () => {
    const responses: ServerResponse[] = []
    const { clock, life, port, server } = await started({}, (_, response) => {
      response.flushHeaders()
      responses.push(response)
    })
    const arrived = async (count: number): Promise<void> => {
      while (responses.length < count) await once(server, 'request')
    }
    const client = connect(port, '127.0.0.1')
    const send = (path: string, headers = '') =>
      client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`)
    let received = ''
    client.setEncoding('utf8').on('data', (data) => (received += String(data)))
    send('/watch')
    await arrived(1)
    const over = life.close()
    await clock.advanceAsync(5000)
    send('/crossing')
    send('/upgrade', 'Connection: upgrade\r\nUpgrade: websocket\r\n')
    await arrived(2)
    expect(await ask(port)).toMatchObject({ status: 503 })
    for (const each of responses) each.end(`answer to ${each.req.url}`)
    await once(client, 'close')
    await over
    expect(responses).toHaveLength(2)
    expect(received.match(/^HTTP\/1.1 \d+|answer to .*|connection: .*(?=\r)/gim)).toEqual([
      'HTTP/1.1 200',
      'Connection: keep-alive',
      'answer to /watch',
      'HTTP/1.1 200',
      'connection: close',
      'answer to /crossing',
    ])
  })

  it('completes a response that has ended, and whose client has not read it yet', async () => {
    const content = Buffer.alloc(32_000_000, 'x')
    const { clock, life, port } = await started({}, (_, response) => response.end(content))
    const sent = get({ port, host: '127.0.0.1', agent: new Agent({ keepAlive: true }) })
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const closed = life.close()
    await clock.advanceAsync(5000)
    expect(life.closing.aborted).toBe(true)
    expect((await answered(response)).text).toHaveLength(content.length)
    expect(response.complete).toBe(true)
    await closed
  })

  it('cuts off after the grace what does not end, so that it does not look complete', async () => {
    const { clock, life, port } = await started({}, (_, response) => void response.write('half'))
    const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
      IncomingMessage,
    ]
    const answer = answered(response)
    const over = isOver(life)
    await clock.advanceAsync(5000)
    await clock.advanceAsync(9999)
    expect(over.yet).toBe(false)
    await clock.advanceAsync(1)
    expect(await answer).toMatchObject({ text: 'half', isComplete: false })
    await life.close()
  })

  it('lets an app end its event streams in time', async () => {
    const { clock, life, port, server } = await started()
    server.removeAllListeners('request')
    server.on('request', (_, response) => {
      response.write('data: x\n\n')
      life.closing.addEventListener('abort', () => response.end('event: bye\n\n'))
    })
    const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
      IncomingMessage,
    ]
    const answer = answered(response)
    const closed = life.close()
    await clock.advanceAsync(5000)
    expect(await answer).toMatchObject({ text: 'data: x\n\nevent: bye\n\n', isComplete: true })
    await closed
  })

  it('closes once, by every call and by await using', async () => {
    const { life } = await started({ shutdownDelaySeconds: 0 })
    const closed = life.close()
    expect(life.close()).toBe(closed)
    expect(life[Symbol.asyncDispose]()).toBe(closed)
    await closed
  })

  it('counts a request that waits for 100 Continue, and refuses a later one', async () => {
    const { clock, life, port, server } = await started()
    const waiting: (() => void)[] = []
    server.on('checkContinue', (_, response) => {
      waiting.push(() => {
        response.writeContinue()
        response.end('done')
      })
    })
    const headers = { expect: '100-continue', 'content-length': 1 }
    const first = request({ port, method: 'POST', headers, agent: false, host: '127.0.0.1' })
    first.flushHeaders()
    await once(server, 'checkContinue')
    const over = isOver(life)
    await clock.advanceAsync(5000)
    const second = request({ port, method: 'POST', headers, agent: false, host: '127.0.0.1' })
    second.on('error', () => {})
    second.flushHeaders()
    const [refused] = (await once(second, 'response')) as [IncomingMessage]
    expect(refused.statusCode).toBe(503)
    second.destroy()
    expect(over.yet).toBe(false)
    waiting[0]?.()
    first.end('x')
    const [response] = (await once(first, 'response')) as [IncomingMessage]
    expect((await answered(response)).text).toBe('done')
    await life.close()
  })
})

const UPGRADE = 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

describe('lifecycle of upgrades', () => {
  it('waits for them, and refuses further ones', async () => {
    const { clock, life, port, server } = await started()
    const accepted: Socket[] = []
    server.on('upgrade', (_, socket: Socket) => {
      accepted.push(socket)
      socket.write(SWITCHED)
    })
    const client = connect(port, '127.0.0.1')
    client.write(UPGRADE)
    await once(client, 'data')
    const over = isOver(life)
    await clock.advanceAsync(5000)
    const late = connect(port, '127.0.0.1')
    late.write(UPGRADE)
    const [answer] = (await once(late, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1/i)
    expect([accepted.length, over.yet]).toEqual([1, false])
    const ended = once(client, 'end')
    accepted[0]?.end()
    await ended
    await life.close()
  })

  it('cuts them off after the grace', async () => {
    const { clock, life, port, server } = await started()
    server.on('upgrade', (_, socket: Socket) => socket.write(SWITCHED))
    const client = connect(port, '127.0.0.1')
    client.on('error', () => {})
    client.write(UPGRADE)
    await once(client, 'data')
    const closed = once(client, 'close')
    const over = isOver(life)
    await clock.advanceAsync(5000)
    await clock.advanceAsync(9999)
    expect(over.yet).toBe(false)
    await clock.advanceAsync(1)
    await closed
    await life.close()
  })

  it('leaves requests for an upgrade to the app while it has no listener for them', async () => {
    const { port, server } = await started({}, (_, response) => response.end('no upgrade'))
    const headers = { connection: 'upgrade', upgrade: 'echo' }
    expect((await ask(port, false, headers)).text).toBe('no upgrade')
    const refuse = (_: unknown, socket: Socket): unknown =>
      socket.end('HTTP/1.1 403 \r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    server.on('upgrade', refuse)
    expect((await ask(port, false, headers)).status).toBe(403)
    server.off('upgrade', refuse)
    expect((await ask(port, false, headers)).text).toBe('no upgrade')
    expect(server.listenerCount('upgrade')).toBe(0)
  })

  it('leaves it to authenticateUpgrade to refuse what it does not handle', async () => {
    const { port, server } = await started()
    const authenticator = fakeAuthenticator(noOpinion())
    const stop = authenticateUpgrade(server, authenticator, () => {}, {
      handles: ({ url }) => url === '/other',
      guard: () => true,
    })
    expect((await ask(port, false, { connection: 'upgrade', upgrade: 'echo' })).status).toBe(404)
    stop()
    expect(server.listenerCount('upgrade')).toBe(0)
  })
})

describe('lifecycle of HTTP/2', () => {
  async function http2(): Promise<{
    readonly life: Lifecycle
    readonly clock: ReturnType<typeof fixedClock>
    readonly server: Http2Server
    readonly url: string
  }> {
    const clock = fixedClock()
    const server = createHttp2Server()
    const life = lifecycle(server, { clock, shutdownDelaySeconds: 5, shutdownGraceSeconds: 10 })
    return { life, clock, server, url: `http://127.0.0.1:${await listening(server)}` }
  }

  it('ends sessions by GOAWAY, idle ones too, and completes what is running', async () => {
    const { clock, life, server, url } = await http2()
    const waiting: (() => void)[] = []
    server.on('request', (_, response) => void waiting.push(() => response.end('done')))
    const idle = connectHttp2(url)
    await once(idle, 'connect')
    const busy = connectHttp2(url)
    const stream = busy.request({ ':path': '/' })
    await once(server, 'request')
    const ended = Promise.all([once(idle, 'close'), once(busy, 'goaway'), once(busy, 'close')])
    const closed = life.close()
    await clock.advanceAsync(5000)
    let text = ''
    stream.setEncoding('utf8').on('data', (data) => (text += String(data)))
    waiting[0]?.()
    await once(stream, 'end')
    expect(text).toBe('done')
    await ended
    await closed
  })

  it('cuts off after the grace what does not end, with an error', async () => {
    const { clock, life, server, url } = await http2()
    server.on('request', (_, response) => void response.write('half'))
    const session = connectHttp2(url)
    const stream = session.request({ ':path': '/' })
    await once(stream, 'data')
    const failed = once(stream, 'error') as Promise<[Error]>
    const closed = life.close()
    await clock.advanceAsync(5000)
    await clock.advanceAsync(10_000)
    expect((await failed)[0].message).toContain('NGHTTP2_INTERNAL_ERROR')
    expect((stream as unknown as ServerHttp2Stream).rstCode).toBe(2)
    await closed
  })
})

it.each([
  [{}, undefined, 'server: must be a server'],
  [createServer(), { graceSeconds: 1 }, 'graceSeconds: unknown option'],
  [createServer(), { shutdownDelaySeconds: -1 }, 'shutdownDelaySeconds: must be'],
  [createServer(), { shutdownGraceSeconds: '1' }, 'shutdownGraceSeconds: must be'],
  [createServer(), { clock: {} }, 'clock: must be'],
])('refuses %#', (server, options, problem) => {
  expect((): unknown => Reflect.apply(lifecycle, undefined, [server, options])).toThrow(problem)
})
