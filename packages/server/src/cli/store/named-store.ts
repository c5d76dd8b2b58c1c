import { isStoreError } from '../../store/store-error.ts'
import { Failure } from '../failure.ts'
import { lastingStoreProblem } from '../store-url/store-url.ts'

/**
 * Requires that `--store` names a store that lasts.
 *
 * @throws {Failure}
 */
export function requireLastingStore(store: string): void {
  const problem = lastingStoreProblem(store)
  if (problem !== undefined) throw new Failure(`--store: ${problem}`)
}

/** What a failure of a store means for a command. Its message has no value of an object, and no password. */
export function storeFailureOf(error: unknown): unknown {
  if (isStoreError(error, 'revisionCompacted')) {
    return new Failure('the store has forgotten the revision that was read: begin again', { cause: error })
  }
  return isStoreError(error, 'storeCorrupted', 'storeUnavailable')
    ? new Failure(error.message, { cause: error })
    : error
}
