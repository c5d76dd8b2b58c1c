/** An external signer was asked to sign a token or for its keys. */
export interface ExternalSignerEvent {
  readonly type: 'externalSigner'
  readonly operation: 'fetchKeys' | 'sign'
  /** `OK`, the gRPC name of the error, as in `Unavailable`, or `unknown-non-grpc` for all other errors. */
  readonly code: string
  /** When the signer read the keys from their storage, in milliseconds since the epoch, if it reports that. */
  readonly dataTimeMs?: number
}

/** A signer was called over gRPC. */
export interface ExternalSignerCallEvent {
  readonly type: 'externalSignerCall'
  /** As in `/v1.ExternalJWTSigner/Sign`. */
  readonly method: string
  /** `OK`, or the gRPC name of the error. */
  readonly code: string
  readonly durationSeconds: number
}
