/** A signer elsewhere signed a token or told its keys, or did not. */
export interface ExternalSignerEvent {
  readonly type: 'externalSigner'
  readonly operation: 'fetchKeys' | 'sign'
  /** `OK`, what gRPC calls the fault, as in `Unavailable`, or `unknown-non-grpc` for all other faults. */
  readonly code: string
  /** When the signer read the keys from where they are kept, in milliseconds since the epoch, where it tells that. */
  readonly dataTimeMs?: number
}

/** A signer was called over gRPC. */
export interface ExternalSignerCallEvent {
  readonly type: 'externalSignerCall'
  /** As in `/v1.ExternalJWTSigner/Sign`. */
  readonly method: string
  /** `OK`, or what gRPC calls the fault. */
  readonly code: string
  readonly durationSeconds: number
}

/** The `code` of an event for an error: that of gRPC where it, or what caused it, has one as `grpcCode`. */
export function signerCode(error: unknown): string {
  let cause = error
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++) {
    if ('grpcCode' in cause && typeof cause.grpcCode === 'string') return cause.grpcCode
    cause = cause.cause
  }
  return 'unknown-non-grpc'
}
