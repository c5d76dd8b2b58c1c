import { type CheckInWorker, NoWorkers } from '../workers/password-workers.ts'
import type { PasswordHash } from './password-hash.ts'

/** Compares a password with a hash, which is also given as the file has it. */
export type CheckHash = (hash: PasswordHash, text: string, password: string) => Promise<boolean>

/**
 * Compares passwords with hashes in worker threads, where it would keep this thread busy. Without workers, as in a bundle, it is done in
 * this thread all the same, in slices.
 *
 * @param workers the workers, where there are threads at all.
 * @param onNoWorkers told once, where there are threads and no worker can be started.
 */
export function checkHashes(
  workers: () => CheckInWorker | undefined,
  onNoWorkers: (error: NoWorkers) => void,
): CheckHash {
  let hasNoWorkers = false
  return async (hash, text, password) => {
    const checkInWorker = hash.blocksThread && !hasNoWorkers ? workers() : undefined
    if (checkInWorker === undefined) return hash.matches(password)
    try {
      return await checkInWorker(text, password)
    } catch (error) {
      if (!(error instanceof NoWorkers)) throw error
      if (!hasNoWorkers) onNoWorkers(error)
      hasNoWorkers = true
      return hash.matches(password)
    }
  }
}
