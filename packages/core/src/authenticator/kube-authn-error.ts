import { branded } from '@kube-authn/internal/brand'

/** The `code` of every error of these packages. A later version may add codes, so treat unknown ones like any other error. */
export type ErrorCode =
  | 'bufferFull'
  | 'closed'
  | 'invalidConfiguration'
  | 'invalidContinue'
  | 'invalidCredentialFile'
  | 'invalidObject'
  | 'objectExists'
  | 'objectNotFound'
  | 'objectTooLarge'
  | 'refusedRequest'
  | 'rejected'
  | 'revisionCompacted'
  | 'revisionConflict'
  | 'fenced'
  | 'revisionUnknown'
  | 'signerCall'
  | 'storeCorrupted'
  | 'storeUnavailable'
  | 'unavailable'
  | 'undelivered'
  | 'watchTooSlow'

/** The base of all errors of these packages. `instanceof` also recognises errors from another copy of this package; `docs/errors.md` lists the codes. */
export abstract class KubeAuthnError extends Error {
  abstract readonly code: ErrorCode
}

branded(
  KubeAuthnError,
  'KubeAuthnError',
  ({ code, message }) => typeof code === 'string' && typeof message === 'string',
)
