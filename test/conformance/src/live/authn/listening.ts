import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** Servers of Node, over HTTP/1.1 or HTTP/2, that are closed with all their connections. */
export async function listening(
  server: Server & { maxHeadersCount?: number | null; closeAllConnections?: () => void },
): Promise<Listening> {
  // As `keepFresh` does: otherwise Node drops headers.
  server.maxHeadersCount = 0
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => sockets.add(socket))
  // Failed handshakes and protocol errors are observed by the client.
  server.on('tlsClientError', () => undefined).on('sessionError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
