import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { COMPONENTS, has } from './components.ts'
import { freePort } from './ports.ts'

/** A way to a port of this machine, which can fail. */
export interface FaultyNetwork {
  readonly port: number
  /** Ends all connections. */
  cut(): void
  /** Nothing comes through any connection, those that are made meanwhile included, and none ends. */
  drop(): void
  /** Everything goes on where it was. */
  mend(): void
  /** Nothing comes through the connections there are any more, and none ends. New ones work: a firewall has forgotten the others. */
  forget(): void
  /** How many bytes have come from the port, through the connections there are. */
  received(): number
  close(): Promise<void>
}

type Pair = readonly [incoming: Socket, outgoing: Socket]

/** Opens one. */
export async function openNetwork(to: number): Promise<FaultyNetwork> {
  const pairs = new Set<Pair>()
  const forgotten = new Set<Pair>()
  let isDropping = false
  const pass = ([incoming, outgoing]: Pair): void => {
    incoming.pipe(outgoing).pipe(incoming)
  }
  const hold = ([incoming, outgoing]: Pair): void => {
    incoming.unpipe(outgoing).pause()
    outgoing.unpipe(incoming).pause()
  }
  const server = createServer({ pauseOnConnect: true }, (incoming) => {
    const pair: Pair = [incoming, connect(to, '127.0.0.1')]
    pairs.add(pair)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
    }
    if (!isDropping) pass(pair)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    drop() {
      isDropping = true
      for (const pair of pairs) hold(pair)
    },
    mend() {
      isDropping = false
      for (const pair of pairs) if (!forgotten.has(pair)) pass(pair)
    },
    forget() {
      for (const pair of pairs) {
        forgotten.add(pair)
        hold(pair)
      }
    },
    received: () => [...pairs].reduce((sum, [, outgoing]) => sum + outgoing.bytesRead, 0),
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The kernel drops all packets to and from a port, until the function that is returned is called. */
export function dropPackets(port: number): () => void {
  const change = (how: '-I' | '-D'): void => {
    for (const side of ['--dport', '--sport']) {
      const rule = ['-i', 'lo', '-p', 'tcp', side, String(port), '-j', 'DROP']
      execFileSync(COMPONENTS.iptables.command, ['-w', how, 'INPUT', ...rule])
    }
  }
  change('-I')
  return () => change('-D')
}

/** Whether everything that was sent to and from these ports has come through, and was read. */
export function isDelivered(...ports: readonly number[]): boolean {
  const ends = ports.map((port) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`)
  const [, ...sockets] = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n')
  return sockets
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', remote = '']) => ends.some((end) => local.endsWith(end) || remote.endsWith(end)))
    .every(([, , , state, queues]) => state === LISTENING || queues === '00000000:00000000')
}

const LISTENING = '0A'

/** Whether {@link dropPackets} works here; else it is printed why not. */
export async function canDropPackets(): Promise<boolean> {
  const port = String(await freePort())
  const rule = ['INPUT', '-p', 'tcp', '--dport', port, '-j', 'DROP']
  const run = (how: string): boolean =>
    spawnSync(COMPONENTS.iptables.command, ['-w', how, ...rule]).status === 0
  if (!has('iptables')) return false
  const isAllowed = run('-I') && run('-D')
  if (!isAllowed) console.log('skipped: packets cannot be dropped here, which only root may do')
  return isAllowed
}
