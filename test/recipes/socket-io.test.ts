import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io, type Socket } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, recipe } from './recipe.ts'

const SHORT = `{
  name: 'short',
  authenticateToken: (token: string) =>
    token === 'short' ? { user: { username: 'bob', uid: '', groups: [], extra: {} }, expiresAtMs: Date.now() + 500 } : undefined,
}`
const { load } = recipe('socket-io', {
  files: { 'tokens.csv': 'secret,jane,1,ops\n' },
  // And a token that expires soon.
  replace: { "tokenFile: 'tokens.csv'": `tokens: [${SHORT}], tokenFile: 'tokens.csv'` },
})
const { server } = await load<{ server: Server }>('app.ts')
const { connect } = await load<{
  connect: (url: string, tokenOf: () => Promise<string>) => Socket
}>('client.ts')

let url: string
const sockets: Socket[] = []
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  for (const socket of sockets) socket.disconnect()
  server.close()
  server.closeAllConnections()
})

/** The answer to `whoami`, or the error of the connection. */
function resultOf(socket: Socket): Promise<string> {
  sockets.push(socket)
  return new Promise((resolve) => {
    socket.on('connect', () => socket.emit('whoami', resolve))
    socket.on('connect_error', ({ message }) => resolve(`error: ${message}`))
  })
}

it('knows a user by the token of the client', async () => {
  await expect(resultOf(connect(url, async () => 'secret'))).resolves.toBe('jane')
})

it('ends a socket with its token', async () => {
  const socket = io(url, { auth: { token: 'short' }, reconnection: false, forceNew: true })
  sockets.push(socket)
  const reason = new Promise((resolve) => socket.on('disconnect', resolve))
  // The server ends the connection, so the client sees the end of the namespace or of the transport.
  await expect(reason).resolves.toMatch(/^(?:io server disconnect|transport close)$/)
})

describe.each(['polling', 'websocket'])('over %s', (transport) => {
  const options = { transports: [transport], reconnection: false, forceNew: true }

  it('knows a user by auth, and by a header', async () => {
    await expect(resultOf(io(url, { ...options, auth: { token: 'secret' } }))).resolves.toBe('jane')
    await expect(resultOf(io(url, { ...options, extraHeaders: bearer('secret') }))).resolves.toBe('jane')
  })

  it.each([
    ['nothing', {}],
    ['a wrong token', { auth: { token: 'guess' } }],
    ['a token that is not a string', { auth: { token: ['secret'] } }],
    ['a token with a line end', { auth: { token: 'secret\r\nx-remote-user: root' } }],
    ['a token in the query', { query: { token: 'secret', access_token: 'secret' } }],
    ['a wrong token beside a right header', { auth: { token: 'guess' }, extraHeaders: bearer('secret') }],
  ])('refuses %s', async (_title, credential) => {
    const result = await resultOf(io(url, { ...options, ...credential }))
    expect(result).toBe('error: Unauthorized')
  })
})
