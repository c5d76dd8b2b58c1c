import { branded } from '@kube-authn/internal/brand'

/** The `code` of every error of these packages. A later version may add codes, so treat unknown ones like any other error. */
export type ErrorCode =
  | 'bufferFull'
  | 'closed'
  | 'invalidConfiguration'
  | 'invalidCredentialFile'
  | 'refusedRequest'
  | 'rejected'
  | 'signerCall'
  | 'unavailable'
  | 'undelivered'

/**
 * The base of all errors of these packages. {@link isKubeAuthnError} and `instanceof` also recognise errors from another copy of this
 * package; `docs/errors.md` lists the codes.
 */
export abstract class KubeAuthnError extends Error {
  abstract readonly code: ErrorCode
}

/** Whether this is an error of these packages, of this or another copy of them. */
export const isKubeAuthnError: (value: unknown) => value is KubeAuthnError = branded(
  KubeAuthnError,
  'KubeAuthnError',
  ({ code, message }) => typeof code === 'string' && typeof message === 'string',
)
