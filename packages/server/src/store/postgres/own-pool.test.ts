import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
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
  const pool = await ownPool({ connectionString, timeoutMs: 300, isSession: false })
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
