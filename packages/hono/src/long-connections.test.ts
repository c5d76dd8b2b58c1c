import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve, upgradeWebSocket } from '@hono/node-server'
import { authenticatorChain, type TokenAuthenticator, userInfo } from '@kube-authn/core'
import { closeAtExpiry, untilExpiry } from '@kube-authn/core/connections'
import { fixedClock } from '@kube-authn/testing'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { authentication, getAuthentication } from './index.ts'

const NOW = 1_700_000_000_000

const tokens: TokenAuthenticator = {
  name: 'tokens',
  authenticateToken: (token) =>
    token === 'good' ? { user: userInfo({ username: 'jane' }), expiresAtMs: NOW + 60_000 } : undefined,
}

async function listen(): Promise<{
  clock: ReturnType<typeof fixedClock>
  port: number
  ended: Promise<void>
}> {
  const clock = fixedClock(NOW)
  let end: (() => void) | undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const app = new Hono()
    .use(authentication(authenticatorChain({ tokens: [tokens] })))
    .get(
      '/ws',
      upgradeWebSocket((c) => ({
        onOpen: (_event, socket) => {
          closeAtExpiry(socket, getAuthentication(c), { clock })
          socket.send(getAuthentication(c).user.username)
        },
      })),
    )
    .get('/events', (c) =>
      streamSSE(c, async (stream) => {
        const signal = untilExpiry(getAuthentication(c), { clock })
        await stream.writeSSE({ data: 'hello' })
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
        end?.()
      }),
    )
  const server = serve({
    fetch: app.fetch,
    port: 0,
    hostname: '127.0.0.1',
    // Its types are for laxer options of TypeScript.
    websocket: { server: new WebSocketServer({ noServer: true }) as never },
  })
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { clock, port: (server.address() as AddressInfo).port, ended }
}

it('a WebSocket of upgradeWebSocket on Node is authenticated, and closed with its credential', async () => {
  const { clock, port } = await listen()
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { authorization: 'Bearer good' } })
  const [greeting] = (await once(socket, 'message')) as [Buffer]
  expect(greeting.toString()).toBe('jane')
  const closed = once(socket, 'close')
  clock.advance(60_000)
  const [code, reason] = (await closed) as [number, Buffer]
  expect([code, reason.toString()]).toEqual([4401, 'credential expired'])
})

it.each([{}, { authorization: 'Bearer bad' }])(
  'an upgrade with the headers %j is refused',
  async (headers) => {
    const { port } = await listen()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers })
    socket.on('error', () => undefined)
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
    expect(response.statusCode).toBe(401)
    socket.terminate()
  },
)

it('server-sent events end with the credential', async () => {
  const { clock, port, ended } = await listen()
  const response = await fetch(`http://127.0.0.1:${port}/events`, {
    headers: { authorization: 'Bearer good' },
  })
  const reader = response.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: hello\n\n')
  clock.advance(60_000)
  await ended
  expect((await reader?.read())?.done).toBe(true)
})
