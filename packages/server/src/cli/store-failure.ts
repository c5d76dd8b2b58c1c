import { isStoreError } from '@kube-authn/store'
import { Failure } from './failure.ts'

/**
 * What a failure of a store means for a command, also one that the API has answered with an error of its own. Its message has no value of an object, and no
 * password.
 */
export function storeFailureOf(error: unknown): unknown {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (isStoreError(each, 'revisionCompacted')) {
      return new Failure('the store has forgotten the revision that was read: begin again', { cause: error })
    }
    if (isStoreError(each, 'storeCorrupted', 'storeUnavailable')) {
      return new Failure(each.message, { cause: error })
    }
  }
  return error
}
