import type { ParentPort, PasswordHashes, WorkerThread } from './platform.ts'

/** There are none, so they are computed in JavaScript. */
export const passwordHashes: PasswordHashes | undefined = undefined

/** There are no threads. */
export function cores(): number {
  return 0
}

/** There is none. */
export const parentPort: ParentPort | null = null

/** @throws {Error} always. */
export function openWorker(): WorkerThread {
  throw new Error('this runtime has no worker threads')
}
