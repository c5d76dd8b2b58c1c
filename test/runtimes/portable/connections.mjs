import { closeAtExpiry, untilExpiry } from '@kube-authn/core/connections'
import { checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'

// By the runtime's clock and timers.

const connections = checksOf('connections')

connections('end with their credential', async () => {
  const signal = untilExpiry({ expiresAtMs: Date.now() + 100 })
  expectEqual(signal.aborted, false)
  await aborted(signal)
  expectEqual(signal.reason.message, 'the credential has expired')
})

connections('of which nothing is known to expire go on', async () => {
  const signal = untilExpiry({})
  await aborted(untilExpiry({ expiresAtMs: Date.now() + 10 }))
  expectEqual(signal.aborted, false)
})

connections('are closed with a code that the runtime can send', async () => {
  const socket = openWebSocket()
  const closed = new Promise((resolve) => {
    socket.client.addEventListener('close', resolve)
  })
  closeAtExpiry(socket.server, { expiresAtMs: Date.now() + 50 })
  const { code, reason } = await closed
  expectEqual(`${code} ${reason}`, '4401 credential expired')
})

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', resolve)
  })
}

/** Two ends of a WebSocket, of the runtime where it can connect them without a server. */
function openWebSocket() {
  if ('WebSocketPair' in globalThis) {
    const [client, server] = Object.values(new globalThis.WebSocketPair())
    client.accept()
    server.accept()
    return { client, server }
  }
  const client = new EventTarget()
  const close = (code, reason) => client.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  return { client, server: { close } }
}
