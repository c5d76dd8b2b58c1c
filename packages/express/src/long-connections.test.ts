import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authenticatorChain, type TokenAuthenticator, userInfo } from '@kube-authn/core'
import { closeAtExpiry } from '@kube-authn/core/connections'
import { fixedClock } from '@kube-authn/testing'
import express from 'express'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import { authentication, getAuthentication, getUser } from './index.ts'

const NOW = 1_700_000_000_000

const tokens: TokenAuthenticator = {
  name: 'tokens',
  authenticateToken: (token) =>
    token === 'good' ? { user: userInfo({ username: 'jane' }), expiresAtMs: NOW + 60_000 } : undefined,
}
const chain = authenticatorChain({ tokens: [tokens] })

async function listen(): Promise<{ clock: ReturnType<typeof fixedClock>; url: string }> {
  const clock = fixedClock(NOW)
  const app = express()
  app.use(authentication(chain))
  app.get('/events', (req, res) => {
    res.type('text/event-stream').write('data: hello\n\n')
    closeAtExpiry(res, getAuthentication(req), { clock })
  })
  const server = createServer(app)
  const sockets = new Server(server)
  const authenticate = authentication(chain, { observer: () => undefined })
  sockets.engine.use(authenticate)
  sockets.on('connection', (socket) => {
    closeAtExpiry(socket, getAuthentication(socket.request), { clock })
    socket.emit('hello', getUser(socket.request).username)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await sockets.close()
  })
  return { clock, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

it.each([['websocket'], ['polling'], ['polling', 'websocket']])(
  'a connection of Socket.IO by %s is authenticated, and ends with its credential',
  async (...transports) => {
    const { clock, url } = await listen()
    const socket = io(url, {
      transports,
      extraHeaders: { authorization: 'Bearer good' },
      reconnection: false,
      forceNew: true,
    })
    onTestFinished(() => void socket.close())
    const greeting = await new Promise((resolve, reject) => {
      socket.once('hello', resolve)
      socket.once('connect_error', reject)
    })
    expect(greeting).toBe('jane')
    const ended = new Promise((resolve) => void socket.once('disconnect', resolve))
    clock.advance(60_000)
    expect(await ended).toMatch(/^(?:io server disconnect|transport close)$/)
  },
)

it.each([['websocket'], ['polling']])('Socket.IO refuses a wrong token by %s', async (transport) => {
  const { url } = await listen()
  const socket = io(url, {
    transports: [transport],
    extraHeaders: { authorization: 'Bearer bad' },
    reconnection: false,
    forceNew: true,
  })
  onTestFinished(() => void socket.close())
  const error = await new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('it was accepted')))
    socket.once('connect_error', resolve)
  })
  expect(error).toBeInstanceOf(Error)
})

it('server-sent events end with the credential', async () => {
  const { clock, url } = await listen()
  const response = await fetch(`${url}/events`, { headers: { authorization: 'Bearer good' } })
  const reader = response.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: hello\n\n')
  clock.advance(59_999)
  clock.advance(1)
  expect((await reader?.read())?.done).toBe(true)
})
