import { KubeAuthnError } from '@kube-authn/core'
import { branded } from '@kube-authn/internal/brand'

/**
 * Why a store refused something.
 *
 * - `objectExists`, `objectNotFound`: an object with this key exists, or none does.
 * - `revisionConflict`: it has changed in the meantime.
 * - `fenced`: the object that the write names as its fence is not there any more, or is another one. Who writes has lost what it held.
 * - `revisionCompacted`: changes since that revision were forgotten. List again, and go on from the revision of the list.
 * - `revisionUnknown`: the store has not reached that revision; as a rule it was another store.
 * - `objectTooLarge`: the value has more than 1 MiB.
 * - `invalidObject`: the key or value is not what a store can hold.
 * - `invalidContinue`: the token of a list is not one of this list.
 * - `watchTooSlow`: changes were read more slowly than they were made. Watch again since the last revision.
 * - `storeCorrupted`: the file of the store is damaged, or not a store.
 * - `storeUnavailable`: the engine failed; the message or `cause` says why. Trying again may help. Of a write, `outcome` says whether the store is as before.
 * - `closed`: the store was closed.
 *
 * More may be added in a minor version; handle the rest.
 */
export type StoreErrorCode =
  | 'objectExists'
  | 'objectNotFound'
  | 'revisionConflict'
  | 'fenced'
  | 'revisionCompacted'
  | 'revisionUnknown'
  | 'objectTooLarge'
  | 'invalidObject'
  | 'invalidContinue'
  | 'watchTooSlow'
  | 'storeCorrupted'
  | 'storeUnavailable'
  | 'closed'

/** What became of a write that failed. `unknown`: of an engine elsewhere the answer was lost, so it may have been made, or may still be. No more will be added. */
export type FailedWriteOutcome = 'notWritten' | 'unknown'

/** A store refused something, or failed. The message contains no value. */
export class StoreError extends KubeAuthnError {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  /** Of a write that the engine did not do, or not say that it did. Absent: of no write, or of a store that does not tell. */
  readonly outcome: FailedWriteOutcome | undefined

  constructor(code: StoreErrorCode, message: string, cause?: unknown, outcome?: FailedWriteOutcome) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.outcome = outcome
  }
}

branded(
  StoreError,
  'StoreError',
  ({ code, message }) => typeof code === 'string' && typeof message === 'string',
)

/** Whether this is a {@link StoreError} with one of these codes, of any copy of this package. */
export function isStoreError(value: unknown, ...codes: readonly StoreErrorCode[]): value is StoreError {
  return value instanceof StoreError && codes.includes(value.code)
}

const REFUSALS = {
  objectExists: 'an object with this key exists',
  objectNotFound: 'no object has this key',
  revisionConflict: 'the object has changed since that revision',
  fenced: 'the fence of the write is gone, or is another one',
} as const

/** A failure of a write, with what became of it, unless that is known already. */
export function failureOfWrite(thrown: unknown, outcome: FailedWriteOutcome): unknown {
  const isFailure = isStoreError(thrown, 'storeUnavailable', 'storeCorrupted', 'closed')
  if (!isFailure || thrown.outcome !== undefined) return thrown
  return new StoreError(thrown.code, thrown.message, thrown, outcome)
}

/** A write is refused. */
export function refusal(code: keyof typeof REFUSALS): StoreError {
  return new StoreError(code, REFUSALS[code])
}

/** Whether this is why a write is refused. */
export function isRefusal(code: unknown): code is keyof typeof REFUSALS {
  return typeof code === 'string' && Object.hasOwn(REFUSALS, code)
}

/** The fence of a write does not stand any more. */
export function fencedOff(): StoreError {
  return refusal('fenced')
}

/** The store was closed. */
export function closed(): StoreError {
  return new StoreError('closed', 'the store was closed')
}
