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
  /** Adds an audit annotation to the request. */
  annotate?(key: string, value: string): void
}

/** No restriction, nobody watching. */
export const emptyContext: Context = Object.freeze({})
