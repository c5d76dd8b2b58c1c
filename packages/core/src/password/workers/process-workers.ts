import { systemClock } from '../../internal/clock.ts'
import { type CheckInWorker, passwordWorkers } from './password-workers.ts'
import { startWorker } from './start-worker.ts'
import { openWorker } from '#password-platform'
import { spareCores } from './spare-cores.ts'

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
