import type { Awaitable } from '../internal/awaitable.ts'
import type { Observer } from './events.ts'

/**
 * What surrounds a credential while it is checked. It travels unchanged from the handler to the last authenticator: hand on the object
 * itself, since a copy made with `{ ...context }` lacks what its methods and getters tell.
 */
export interface Context {
  /** What the credential must be valid for. Absent: no restriction. */
  readonly audiences?: readonly string[]
  /** The address of the peer of the request, as in `AuthenticationRequest.remoteAddress`. */
  readonly remoteAddress?: string | undefined
  /**
   * Aborted when the caller no longer waits, so that nothing goes on for a client that has left. It is made when it is first read: read it
   * where something is waited for.
   */
  readonly signal?: AbortSignal | undefined
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

/** A context of its own whose signal is that of another one. Like that of a request, it is not read before it is asked for. */
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

/** No restriction, nobody watching. */
export const emptyContext: Context = Object.freeze({})
