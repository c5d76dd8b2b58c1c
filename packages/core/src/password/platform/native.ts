import * as crypto from 'node:crypto'
import { availableParallelism } from 'node:os'
import * as threads from 'node:worker_threads'
import type { ParentPort, PasswordHashes, WorkerThread } from './platform.ts'

/** The password hashes of `node:crypto`, which are computed in a thread pool. */
export const passwordHashes: PasswordHashes | undefined = crypto

/** How many cores this process may use; 0 if there are no threads. */
export function cores(): number {
  return typeof threads.Worker === 'function' ? availableParallelism() : 0
}

/** The port to the parent thread, in a worker. */
export const parentPort: ParentPort | null = threads.parentPort

/** Starts the worker that checks passwords. It is a file of the installed package, and missing in a bundle of an app. */
export function openWorker(): WorkerThread {
  return new threads.Worker(new URL('../workers/password-worker.js', import.meta.url), {
    name: 'kube-authn passwords',
    // Drops the flags of the process: `--input-type` does not allow a file, and `--import` may load a whole app.
    execArgv: [],
  })
}
