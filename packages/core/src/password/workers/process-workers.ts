import { systemClock } from '../../internal/clock.ts'
import { type CheckInWorker, passwordWorkers } from './password-workers.ts'
import { startWorker } from './start-worker.ts'
import { spareCores, type WorkerThread, workerThreads } from './worker-threads.ts'

let shared: CheckInWorker | undefined

/**
 * The workers of this process, which all password files share, since its cores are what there is to share; `undefined` where there are no
 * threads. None is started before the first check.
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
  // Beside this file, where the package is installed. A bundle has neither, and no worker then.
  return new Worker(new URL('./password-worker.js', import.meta.url), {
    name: 'kube-authn passwords',
    // What the process was started with is not for this file: `--input-type` does not allow it, and `--import` may load a whole app.
    execArgv: [],
  })
}
