import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { database } from './database.ts'
import { ownPool } from './own-pool.ts'

const TLS_REQUEST = 8
/** Of the protocol of PostgreSQL: the user is authenticated, and the server waits for a statement. */
const READY = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])

interface SilentServer {
  readonly port: number
  /** How the connections ended, in turn: `reset`, or `closed` after everything was read. */
  readonly ends: string[]
  /** Begins to read what it was sent. */
  read(): void
}

/** A PostgreSQL that accepts connections, and neither reads nor answers a statement. */
async function silentServer(isSecure: boolean): Promise<SilentServer> {
  const ends: string[] = []
  const connected: Socket[] = []
  const authority = await createPki()
  const { certificatePem, privateKeyPem } = await authority.issueServer({ hosts: ['localhost'] })
  const secureContext = createSecureContext({ cert: certificatePem, key: privateKeyPem })
  const serve = (socket: Socket): void => {
    socket.once('data', () => {
      socket.pause()
      socket.write(READY)
    })
    connected.push(socket)
    socket.on('error', () => ends.push('reset'))
    socket.on('end', () => ends.push('closed'))
  }
  const server = createServer((socket) => {
    if (!isSecure) {
      serve(socket)
      return
    }
    socket.once('data', (request) => {
      expect(request).toHaveLength(TLS_REQUEST)
      socket.write('S')
      serve(new TLSSocket(socket, { isServer: true, secureContext }))
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    ends,
    read() {
      for (const socket of connected) socket.resume()
    },
  }
}

/** Sends a statement of this length, which is given up, and closes the pool. */
async function giveUp({ port }: SilentServer, isSecure: boolean, length: number): Promise<void> {
  const connectionString = `postgres://jane@127.0.0.1:${port}/db${isSecure ? '?sslmode=no-verify' : ''}`
  const pool = await ownPool(connectionString, 300, false)
  const { query, close } = database({ ...pool, timeoutMs: 300 })
  await expect(query('SELECT $1', ['x'.repeat(length)])).rejects.toMatchObject({ code: 'storeUnavailable' })
  await close()
}

describe.each([
  ['in plain text', false],
  ['over TLS', true],
])('a connection of the own pool, %s, whose statement is not answered', (_, isSecure) => {
  it('is reset, so that nothing of it is sent later', async () => {
    const server = await silentServer(isSecure)
    await giveUp(server, isSecure, 1000)
    server.read()
    await expect.poll(() => server.ends).toEqual(['reset'])
  })

  it('does not wait for what could not be sent yet', async () => {
    const server = await silentServer(isSecure)
    await giveUp(server, isSecure, 30_000_000)
    server.read()
    // Node.js takes a reset for an end if there was something to read before it.
    await expect.poll(() => server.ends).toHaveLength(1)
  })
})

const authentication = (type: number, content: string): Buffer =>
  Buffer.concat([Buffer.from([0x52, 0, 0, 0, 8 + content.length, 0, 0, 0, type]), Buffer.from(content)])
/** Asks for a password by SCRAM. */
const SCRAM = [authentication(10, 'SCRAM-SHA-256\0\0'), authentication(11, 'r=nonce,s=c2FsdA==,i=4096')]

/** A PostgreSQL that gives these answers on a connection, and then waits for ever. `open`: how many connections there are. */
async function answering(answers: readonly (Buffer | string)[]) {
  const connected = new Set<Socket>()
  const server = createServer((socket) => {
    connected.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => connected.delete(socket))
    const left = [...answers]
    socket.on('data', () => void socket.write(left.shift() ?? ''))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, open: () => connected.size }
}

describe('a connection of the own pool that cannot be made', () => {
  it.each([
    [
      'no password',
      SCRAM,
      '',
      /the server asks for a password, and there is none: set PGPASSWORD, or PGPASSFILE/,
    ],
    ['no TLS', ['N'], '?sslmode=verify-full', /the server has no TLS: sslmode=disable/],
    ['no TLS, and another mode', ['N'], '?sslmode=require', /the server has no TLS: sslmode=disable/],
    ['no PostgreSQL', ['H'], '?sslmode=verify-full', /the server does not begin TLS/],
  ])('for it has %s is closed at once, and says why', async (_, answers, query, reason) => {
    vi.stubEnv('PGPASSWORD', '')
    vi.stubEnv('PGPASSFILE', '/nonexistent')
    onTestFinished(() => void vi.unstubAllEnvs())
    const server = await answering(answers)
    const connectionString = `postgres://jane-doe@127.0.0.1:${server.port}/secret-db${query}`
    const pool = await ownPool(connectionString, 5000, false)
    const { query: ask, close } = database({ ...pool, timeoutMs: 5000 })
    const error: unknown = await ask('SELECT 1').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'storeUnavailable', message: expect.stringMatching(reason) })
    expect(String(error)).not.toMatch(/jane-doe|secret-db|127\.0\.0\.1/)
    await expect.poll(server.open).toBe(0)
    await close()
  })
})
