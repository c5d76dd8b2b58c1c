import type { Awaitable } from './awaitable.ts'
import type { Observer } from './events.ts'

/**
 * What surrounds a credential while it is checked. It travels unchanged from the handler to the last authenticator.
 */
export interface Context {
  /** What the credential must be valid for. Absent: no restriction. */
  readonly audiences?: readonly string[]
  /** The address of the peer of the request, as in `AuthenticationRequest.remoteAddress`. */
  readonly remoteAddress?: string | undefined
  /** Aborted when the caller no longer waits. */
  readonly signal?: AbortSignal
  /** Told what every authenticator thought. */
  readonly observer?: Observer
  /** Adds a text for the client, sent as a `Warning: 299` header. Never about the credential itself. */
  warn?(text: string): void
  /**
   * Whether the credential came over a connection whose client proved that it holds the certificate with this SHA-256 thumbprint, in
   * base64url, as the `x5t#S256` of a token has it (RFC 8705 section 3.1). Absent: no connection is known, and a credential that is bound
   * to a certificate is refused.
   */
  holdsCertificate?(thumbprint: string): Awaitable<boolean>
  /** Adds an audit annotation to the request. */
  annotate?(key: string, value: string): void
}

/** No restriction, nobody watching. */
export const emptyContext: Context = Object.freeze({})
