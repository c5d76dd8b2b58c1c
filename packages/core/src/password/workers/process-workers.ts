import { systemClock } from '../../internal/clock.ts'
import { type CheckInWorker, passwordWorkers } from './password-workers.ts'
import { startWorker } from './start-worker.ts'
import { spareCores, type WorkerThread, workerThreads } from './worker-threads.ts'

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

function openWorker(): WorkerThread {
  const Worker = workerThreads()?.Worker
  if (Worker === undefined) throw new Error('this runtime has no worker threads')
  // Exists next to this file in the installed package, but not in a bundle of an app.
  return new Worker(new URL('./password-worker.js', import.meta.url), {
    name: 'kube-authn passwords',
    // Drops the flags of the process: `--input-type` does not allow a file, and `--import` may load a whole app.
    execArgv: [],
  })
}
