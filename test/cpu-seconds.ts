import { readFileSync } from 'node:fs'

/**
 * How many seconds of a processor some work takes on this thread. A busy machine makes it wait, and not cost more, so a
 * test can bound it where it could not bound the time that passes. A bound is still at least ten times what is usual.
 */
export function cpuSecondsOf(work: () => void): number {
  const start = cpuSeconds()
  work()
  return cpuSeconds() - start
}

/** The same for work that waits, while nothing else runs on this thread. */
export async function cpuSecondsUntil(work: () => Promise<unknown>): Promise<number> {
  const start = cpuSeconds()
  await work()
  return cpuSeconds() - start
}

interface CpuUsage {
  readonly user: number
  readonly system: number
}

/** Test files run in threads, and `process.cpuUsage` counts all of them: it is the last resort. */
function cpuSeconds(): number {
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
