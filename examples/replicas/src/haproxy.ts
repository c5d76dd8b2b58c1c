import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Kept, keepRunning } from './keep-running.ts'
import { listens, programAt } from './programs.ts'

/** The load balancer. */
export interface HaproxyOptions {
  /** Where its configuration is written. */
  readonly folder: string
  readonly port: number
  /** The CA of the replicas. */
  readonly caFile: string
  /** The ports of the replicas. */
  readonly ports: readonly number[]
}

/** Writes `haproxy.cfg`, and runs haproxy with it. */
export async function runHaproxy({ folder, port, caFile, ports }: HaproxyOptions): Promise<Kept> {
  const command = programAt('haproxy', 'haproxy')
  const values: Readonly<Record<string, string>> = {
    PORT: String(port),
    CA_FILE: caFile,
    SERVERS: ports.map((each, index) => `  server replica-${index + 1} 127.0.0.1:${each}`).join('\n'),
  }
  const template = readFileSync(fileURLToPath(new URL('../haproxy.cfg.template', import.meta.url)), 'utf8')
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    template.replaceAll(/\$\{([A-Z_]+)\}/g, (_, name: string) => values[name] ?? ''),
    { mode: 0o600 },
  )
  const kept = keepRunning({ name: 'haproxy', command, args: ['-db', '-f', file] })
  await listens(port, 'haproxy')
  return kept
}
