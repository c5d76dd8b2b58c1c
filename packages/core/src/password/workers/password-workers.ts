import { type Clock, systemClock } from '../../internal/clock.ts'
import { unavailable } from '../../authenticator/errors.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { cores, openWorker } from '#password-platform'
import { type PasswordWorker, startWorker } from './start-worker.ts'

/** Checks a password in a worker thread. Rejects with {@link NoWorkersError} or an `AuthenticationError`, `unavailable`. */
export type CheckInWorker = (hash: string, password: string) => Promise<boolean>

/** No worker can be started, and none was started before. */
export class NoWorkersError extends Error {
  override readonly name = 'NoWorkersError'
}

export interface PasswordWorkersOptions {
  readonly start: () => Promise<PasswordWorker>
  readonly maxWorkers: number
  readonly clock: Clock
}

/** An idle worker is stopped after this time, to release the memory of the last hash. */
export const IDLE_MS = 30_000

/** A pool of workers, which are started on demand and stopped after an idle time. If a worker ends during a check, the check fails as `unavailable`, and the next check starts another worker. */
export function passwordWorkers({ start, maxWorkers, clock }: PasswordWorkersOptions): CheckInWorker {
  const idle: { readonly worker: PasswordWorker; readonly cancelEnd: () => void }[] = []
  /** Each receives a free worker, or `undefined` to start one. */
  const waiting: ((worker: PasswordWorker | undefined) => void)[] = []
  let count = 0
  let didStart = false
  let broken: NoWorkersError | undefined

  const startOne = async (): Promise<PasswordWorker> => {
    try {
      const worker = await start()
      didStart = true
      return worker
    } catch (error) {
      pass(undefined)
      if (didStart) throw unavailable(FAILED)
      broken = new NoWorkersError('no worker thread can be started', { cause: error })
      throw broken
    }
  }

  /** Passes on a worker or, with `undefined`, the slot of one that ended. */
  const pass = (worker: PasswordWorker | undefined): void => {
    const next = waiting.shift()
    if (next !== undefined) next(worker)
    else if (worker === undefined) count--
    else rest(worker)
  }

  const rest = (worker: PasswordWorker): void => {
    const cancelEnd = clock.after(IDLE_MS, () => {
      const index = idle.findIndex((each) => each.worker === worker)
      if (index === -1) return
      idle.splice(index, 1)
      count--
      worker.stop()
    })
    idle.push({ worker, cancelEnd })
  }

  const free = async (): Promise<PasswordWorker> => {
    for (let rested = idle.pop(); rested !== undefined; rested = idle.pop()) {
      rested.cancelEnd()
      if (!rested.worker.isOver) return rested.worker
      count--
    }
    if (count < maxWorkers) {
      count++
      return startOne()
    }
    const given = await new Promise<PasswordWorker | undefined>((resolve) => waiting.push(resolve))
    return given ?? startOne()
  }

  return async function checkInWorker(hash, password) {
    if (broken !== undefined) throw broken
    const worker = await free()
    try {
      return await worker.check(hash, password)
    } catch {
      throw unavailable(FAILED)
    } finally {
      pass(worker.isOver ? undefined : worker)
    }
  }
}

const FAILED = 'the password could not be checked: its worker thread did not answer'

let shared: CheckInWorker | undefined

/** The workers of this process, shared by all password files; `undefined` if the runtime has no threads. None is started before the first check. */
export function processWorkers(): CheckInWorker | undefined {
  const maxWorkers = spareCores()
  if (maxWorkers === 0) return undefined
  shared ??= passwordWorkers({
    start: () => startWorker(openWorker, systemClock),
    maxWorkers,
    clock: systemClock,
  })
  return shared
}

/** How many threads may compute at once: all cores but one, which is left for serving requests, and at least one. 0 if the runtime has no threads. */
export function spareCores(): number {
  const available = canWorkInBackground() ? cores() : 0
  return available === 0 ? 0 : Math.max(1, available - 1)
}
