import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { memoryUsage, resourceUsage } from 'node:process'

/** How often the event loop is looked at. */
const RESOLUTION_MS = 20

export interface ProcessMetrics {
  /** In the Prometheus text format. */
  render(this: void): string
  close(this: void): void
}

/**
 * Metrics of this process under the names of Prometheus' client libraries. They are not among those of `metrics()`: an app has them from its own library.
 *
 * Source: Prometheus, "Writing client libraries", process metrics.
 */
export function processMetrics(): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const startSeconds = performance.timeOrigin / 1000
  /** Beyond the time that a look waits by itself. */
  const seconds = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000) : 0
  return {
    render() {
      const { userCPUTime, systemCPUTime } = resourceUsage()
      const lag = { mean: seconds(delay.mean), p99: seconds(delay.percentile(99)), max: seconds(delay.max) }
      delay.reset()
      return [
        line('process_cpu_seconds_total', 'counter', 'Processor time.', (userCPUTime + systemCPUTime) / 1e6),
        line('process_resident_memory_bytes', 'gauge', 'Resident memory.', memoryUsage().rss),
        line('process_start_time_seconds', 'gauge', 'When the process started.', startSeconds),
        line('process_open_fds', 'gauge', 'Open file descriptors.', openDescriptors()),
        line('process_max_fds', 'gauge', 'Maximum of open file descriptors.', maxDescriptors()),
        line(
          'nodejs_eventloop_lag_seconds',
          'gauge',
          'Mean delay of the event loop since the last look.',
          lag.mean,
        ),
        line('nodejs_eventloop_lag_p99_seconds', 'gauge', 'Its 99th percentile.', lag.p99),
        line('nodejs_eventloop_lag_max_seconds', 'gauge', 'Its maximum.', lag.max),
      ].join('')
    },
    close: () => void delay.disable(),
  }
}

/** A metric whose value is not known is left out. */
function line(name: string, type: 'counter' | 'gauge', help: string, value: number | undefined): string {
  return value === undefined ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`
}

/** As far as the operating system says it. */
function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}

function maxDescriptors(): number | undefined {
  try {
    const [, soft = ''] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === '' ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
