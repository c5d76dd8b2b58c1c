import { readFileSync } from 'node:fs'

/**
 * The CPU seconds of some work on this thread. On a busy machine work waits but does not use more CPU time, so a test can limit it, unlike wall time.
 * A limit is still at least ten times the usual value.
 */
export function cpuSecondsOf(work: () => void): number {
  const start = cpuSeconds()
  work()
  return cpuSeconds() - start
}

/** The same for asynchronous work, while nothing else runs on this thread. */
export async function cpuSecondsUntil(work: () => Promise<unknown>): Promise<number> {
  const start = cpuSeconds()
  await work()
  return cpuSeconds() - start
}

interface CpuUsage {
  readonly user: number
  readonly system: number
}

/** Code that counts what runs of it, as in a mutation run, takes many times as long. */
const slowness = process.env['COUNTED_CODE'] === undefined ? 1 : 10

function cpuSeconds(): number {
  return threadSeconds() / slowness
}

/** Test files run in threads, and `process.cpuUsage` counts all of them: only a fallback. */
function threadSeconds(): number {
  if (process.platform === 'linux') {
    const [nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')
    return Number(nanoseconds) / 1e9
  }
  // Node.js 22.19 and later.
  const ofThread: unknown = Reflect.get(process, 'threadCpuUsage')
  const { user, system } =
    typeof ofThread === 'function' ? (ofThread.call(process) as CpuUsage) : process.cpuUsage()
  return (user + system) / 1e6
}
