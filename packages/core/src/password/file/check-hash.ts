import { type CheckInWorker, NoWorkersError } from '../workers/password-workers.ts'
import type { PasswordHash } from './password-hash.ts'

/** Compares a password with a hash, which is also passed as in the file. */
export type CheckHash = (hash: PasswordHash, text: string, password: string) => Promise<boolean>

/**
 * Compares passwords with hashes, in worker threads if the comparison would block this thread. If no worker can be started, as in a bundle,
 * it runs in this thread, in slices.
 *
 * @param workers the workers; `undefined` if the runtime has no threads.
 * @param onNoWorkers called once if the runtime has threads but no worker can be started.
 */
export function checkHashes(
  workers: () => CheckInWorker | undefined,
  onNoWorkers: (error: NoWorkersError) => void,
): CheckHash {
  let hasNoWorkers = false
  return async (hash, text, password) => {
    const checkInWorker = hash.blocksThread && !hasNoWorkers ? workers() : undefined
    if (checkInWorker === undefined) return hash.matches(password)
    try {
      return await checkInWorker(text, password)
    } catch (error) {
      if (!(error instanceof NoWorkersError)) throw error
      if (!hasNoWorkers) onNoWorkers(error)
      hasNoWorkers = true
      return hash.matches(password)
    }
  }
}
