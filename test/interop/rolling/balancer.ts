import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, vi } from 'vitest'
import { startHaproxy } from '../haproxy.ts'
import type { Scratch } from '../scratch.ts'
import type { Fleet } from './fleets.ts'

export interface Balancer {
  readonly port: number
  /** Waits until it takes a replica for that. */
  sees(name: string, status: 'UP' | 'DOWN'): Promise<void>
}

const template = readFileSync(
  fileURLToPath(new URL('../../../examples/replicas/haproxy.cfg.template', import.meta.url)),
  'utf8',
)

/** The load balancer of examples/replicas, in front of other replicas. */
export async function startBalancer(scratch: Scratch, { caFile, replicas }: Fleet): Promise<Balancer> {
  const socket = scratch.path('stats')
  const servers = replicas.map(({ name, port, healthPort }) => {
    const check = healthPort === undefined ? '' : ` port ${healthPort} no-check-ssl`
    return `  server ${name} 127.0.0.1:${port}${check}`
  })
  const { port, close } = await startHaproxy(scratch, (own) => {
    const values: Readonly<Record<string, string>> = {
      PORT: String(own),
      CA_FILE: caFile,
      SERVERS: servers.join('\n'),
    }
    const configuration = template.replaceAll(/\$\{([A-Z_]+)\}/g, (_, name: string) => values[name] ?? '')
    return `${configuration}\nglobal\n  stats socket ${socket}\n`
  })
  onTestFinished(close)
  return {
    port,
    async sees(name, status) {
      await vi.waitFor(async () => expect(await statusOf(socket, name)).toBe(status))
    },
  }
}

/** What haproxy thinks of a server: `UP`, `DOWN`, or on the way as in `UP 1/2`. */
async function statusOf(path: string, name: string): Promise<string | undefined> {
  const socket = connect(path)
  let table = ''
  socket.setEncoding('utf8').on('data', (data) => (table += String(data)))
  socket.write('show stat\n')
  await once(socket, 'close')
  const [head = [], ...rows] = table.split('\n').map((line) => line.split(','))
  const column = head.indexOf('status')
  return rows.find(([, server]) => server === name)?.[column]
}
