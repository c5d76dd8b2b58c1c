import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { COMPONENTS } from './components.ts'
import { freePort, listens } from './ports.ts'
import type { Scratch } from './scratch.ts'

/** A file of `examples/replicas/monitoring`. */
export const monitoringFile = (name: string): string =>
  fileURLToPath(new URL(`../../examples/replicas/monitoring/${name}`, import.meta.url))

/** An alert that Prometheus has. */
export interface Alert {
  readonly state: 'pending' | 'firing'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A Prometheus of its own, with the rules of the example. */
export interface RunningPrometheus {
  /** Those that fire. */
  alerts(): Promise<readonly Alert[]>
  /** How many series an expression has had since the start. */
  seriesOf(expression: string): Promise<number>
  close(): Promise<void>
}

/** Starts one with the configuration of the example, ten times as fast. */
export async function startPrometheus(
  scratch: Scratch,
  {
    ports,
    caFile,
    token,
  }: { readonly ports: readonly number[]; readonly caFile: string; readonly token: string },
): Promise<RunningPrometheus> {
  scratch.write('prometheus/alerts.yml', tenTimesAsFast(readFileSync(monitoringFile('alerts.yml'), 'utf8')))
  const targets = ports.map((port) => `'127.0.0.1:${port}'`).join(', ')
  const configuration = tenTimesAsFast(readFileSync(monitoringFile('prometheus.yml'), 'utf8'))
    .replace(/(?<=targets: \[).*(?=\])/, targets)
    .replace(/(?<=ca_file: )[^ ]+/, caFile)
    .replace(/(?<=credentials_file: )[^ ]+/, scratch.write('prometheus/token', token))
  const port = await freePort()
  const startSeconds = Date.now() / 1000
  const child = spawn(
    COMPONENTS.setpriv.command,
    [
      '--pdeathsig=KILL',
      COMPONENTS.prometheus.command,
      `--config.file=${scratch.write('prometheus/prometheus.yml', configuration)}`,
      `--storage.tsdb.path=${scratch.path('prometheus/data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  await listens(port, ended)
  await vi.waitUntil(async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok)
  const ask = async (path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(query)}`)
    const { data, error } = (await response.json()) as { readonly data: unknown; readonly error?: string }
    if (error !== undefined) throw new Error(error)
    return data
  }
  return {
    async alerts() {
      const { alerts } = (await ask('alerts')) as { readonly alerts: readonly Alert[] }
      return alerts.filter(({ state }) => state === 'firing')
    },
    async seriesOf(query) {
      const range = { start: String(startSeconds), end: String(Date.now() / 1000), step: '1' }
      const { result } = (await ask('query_range', { query, ...range })) as {
        readonly result: readonly unknown[]
      }
      return result.length
    },
    async close() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Each duration of a configuration or of rules is a tenth of what it was. */
function tenTimesAsFast(text: string): string {
  return text.replaceAll(
    /(?<=interval: |for: |\[|offset )(\d+)([sm])\b/g,
    (_, count: string, unit: string) => `${(Number(count) * (unit === 'm' ? 60 : 1)) / 10}s`,
  )
}
