import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a port that can fail. */
export interface Network {
  readonly port: number
  /** Ends all connections. */
  cut(): void
  /** From now on nothing comes through, as when a cable is pulled: connections stay open, and new ones are accepted. */
  silence(): void
  /** New connections work again. Those that were silent stay so. */
  mend(): void
  close(): void
}

/** Opens one to a port on 127.0.0.1. */
export async function openNetwork(to: number): Promise<Network> {
  const sockets = new Set<Socket>()
  let isSilent = false
  const pass = (from: Socket, target: Socket): void => {
    let isLost = isSilent
    sockets.add(from)
    from.on('data', (bytes) => {
      isLost ||= isSilent
      if (!isLost) target.write(bytes)
    })
    from.on('error', () => target.destroy())
    from.on('close', () => {
      sockets.delete(from)
      target.destroy()
    })
  }
  const server = createServer((incoming) => {
    const outgoing = connect(to, '127.0.0.1')
    pass(incoming, outgoing)
    pass(outgoing, incoming)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    cut,
    silence: () => void (isSilent = true),
    mend: () => void (isSilent = false),
    close() {
      cut()
      server.close()
    },
  }
}
