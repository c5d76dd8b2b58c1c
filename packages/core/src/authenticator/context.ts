import type { Awaitable } from '../internal/awaitable.ts'
import type { Observer } from './events.ts'

/**
 * The circumstances in which a credential is checked. The handler passes it to all authenticators: pass on the object itself, since a
 * copy made with `{ ...context }` lacks its methods and getters.
 */
export interface Context {
  /** The accepted audiences: the credential must be valid for at least one. Absent: no restriction. */
  readonly audiences?: readonly string[]
  /** The origins of other sites whose pages may make requests with what browsers send by themselves. Absent: none. */
  readonly trustedOrigins?: readonly string[]
  /** The peer address, as in `AuthenticationRequest.remoteAddress`. */
  readonly remoteAddress?: string | undefined
  /** Aborted when the caller no longer waits, so that no work continues for a client that disconnected. It is created on first access: read it only where something is awaited. */
  readonly signal?: AbortSignal | undefined
  /** Receives the outcome of every authenticator. */
  readonly observer?: Observer
  /** Adds a warning for the client, sent as a `Warning: 299` header. It must not reveal anything about the credential. */
  warn?(text: string): void
  /**
   * Whether the client of the connection proved possession of the certificate with this SHA-256 thumbprint, in base64url as in the
   * `x5t#S256` of a token (RFC 8705 section 3.1). Absent: the connection is unknown, and a credential bound to a certificate is refused.
   */
  holdsCertificate?(thumbprint: string): Awaitable<boolean>
  /**
   * Whether the request has a proof of possession of the key with this SHA-256 thumbprint (RFC 7638), as in `jkt` of a token (RFC 9449
   * section 6.1). Asking it uses up the proof. Absent: the request has no proof, and a credential bound to a key is refused.
   */
  provesKey?(thumbprint: string): Awaitable<boolean>
  /** Whether nothing may be recorded about the credential, such as that its proof was used: `explain` tries a request that is yet to be made. */
  readonly isDryRun?: boolean | undefined
  /** Adds an audit annotation to the request. */
  annotate?(key: string, value: string): void
}

/** A separate context with the signal of another one, which is read only on access. */
export class WaitingContext implements Context {
  readonly audiences?: readonly string[]
  readonly observer?: Observer
  readonly #given: Pick<Context, 'signal'>

  constructor(given: Pick<Context, 'signal'>, observer?: Observer, audiences?: readonly string[]) {
    if (audiences !== undefined) this.audiences = audiences
    if (observer !== undefined) this.observer = observer
    this.#given = given
  }

  get signal(): AbortSignal | undefined {
    return this.#given.signal
  }
}

/** No restriction, no observer. */
export const emptyContext: Context = Object.freeze({})
