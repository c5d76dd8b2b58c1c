import { unavailable } from '../errors.ts'

/** Runs a task now or, when too many run already, later. Throws when too many wait. */
export type ConcurrencyLimit = <T>(task: () => Promise<T>) => Promise<T>

/** Bounds how many tasks run and how many wait; what is beyond is *unavailable* at once, so that a flood costs nothing. */
export function limitConcurrency(maxRunning: number, maxWaiting: number): ConcurrencyLimit {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) throw unavailable('too many passwords are being checked')
      // Whoever ends hands its place on, so `running` stays as it is.
      await new Promise<void>((resume) => waiting.push(resume))
    } else {
      running++
    }
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
