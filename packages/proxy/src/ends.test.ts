import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { jane, proxyTo, until, upstreamServer } from '../test/servers.ts'

/** A clock that counts the timers of expiries, an hour away. */
function countingClock(): {
  readonly now: () => number
  readonly after: (ms: number, run: () => void) => () => void
  readonly pending: Set<object>
} {
  const pending = new Set<object>()
  return {
    pending,
    now: () => 0,
    after(ms) {
      const timer = { ms }
      if (ms >= 1_000_000) pending.add(timer)
      return () => pending.delete(timer)
    },
  }
}

const expiring = { ...jane, expiresAtMs: 3_600_000 }
const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
const UPGRADE =
  'GET /api/v1/namespaces/a/pods/b/exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const never: RequestListener = () => {}

it.each([
  ['a request', GET, 1],
  ['requests behind another one, whose responses are never sent', GET.repeat(3), 3],
])('nothing waits for the expiry of %s after the client left', async (_, bytes, count) => {
  const upstream = await upstreamServer(never)
  const clock = countingClock()
  const { port } = await proxyTo(upstream, { clock }, expiring)
  const client = connect(port, '127.0.0.1')
  client.write(bytes)
  await until(() => upstream.received.length === count)
  expect(clock.pending.size).toBe(count)
  client.destroy()
  await until(() => clock.pending.size === 0)
  expect(clock.pending.size).toBe(0)
})

it('nothing waits for the expiry of an upgrade whose client left before it was decided', async () => {
  const upstream = await upstreamServer(never)
  const clock = countingClock()
  let decide: (token: string) => void = () => {}
  let isAsked = false
  const { server, port } = await proxyTo(
    upstream,
    {
      clock,
      credentials() {
        isAsked = true
        return new Promise((resolve) => {
          decide = resolve
        })
      },
    },
    expiring,
  )
  const upgraded = once(server, 'upgrade')
  const client = connect(port, '127.0.0.1')
  client.write(UPGRADE)
  const [, socket] = (await upgraded) as [IncomingMessage, IncomingMessage['socket']]
  await until(() => isAsked)
  socket.destroy()
  await once(socket, 'close')
  decide('token')
  await new Promise((resolve) => setImmediate(resolve))
  expect(clock.pending.size).toBe(0)
  client.destroy()
})
