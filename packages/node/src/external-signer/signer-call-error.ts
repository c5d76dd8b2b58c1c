import { KubeAuthnError } from '@kube-authn/core'

/** A call of an external signer failed. */
export class SignerCallError extends KubeAuthnError {
  override readonly name = 'SignerCallError'
  readonly code = 'signerCall'
  /** The name of the gRPC status, for example `Unavailable`. */
  readonly grpcCode: string

  /** @param details the status message of the signer; one line of bounded length is shown. */
  constructor(grpcCode: string, details: string, cause?: unknown) {
    const line = details.slice(0, MAX_LENGTH).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    super(`rpc error: code = ${grpcCode} desc = ${line.trim()}`, cause === undefined ? {} : { cause })
    this.grpcCode = grpcCode
  }
}

const MAX_LENGTH = 512
