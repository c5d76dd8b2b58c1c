import { systemClock } from '../../internal/clock.ts'
import { type CheckInWorker, passwordWorkers } from './password-workers.ts'
import { startWorker } from './start-worker.ts'
import { cores, openWorker } from '#password-platform'
import { canWorkInBackground } from '../../internal/runtime.ts'

let shared: CheckInWorker | undefined

/**
 * The workers of this process, shared by all password files; `undefined` if the runtime has no threads. None is started before the first
 * check.
 */
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

/**
 * How many threads may compute at once: all cores but one, which is left for serving requests, and at least one. 0 if the runtime has no
 * threads.
 */
export function spareCores(): number {
  const available = canWorkInBackground() ? cores() : 0
  return available === 0 ? 0 : Math.max(1, available - 1)
}
