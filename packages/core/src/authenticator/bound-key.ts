import { andThen, type Awaitable } from '../internal/awaitable.ts'
import type { Context } from './context.ts'
import { type AuthenticationError, rejected } from './errors.ts'

/** Shared, since it contains nothing from the request. */
const notProved: AuthenticationError = Object.freeze(
  rejected('the token is bound to a key, and the request has no proof of that key (DPoP)'),
)

/**
 * Refuses a token that is bound to a key, unless the request proves that its client has that key.
 *
 * Source: RFC 9449 section 7.1.
 *
 * @param thumbprint that of the key (RFC 7638), as in `jkt` of the token.
 * @throws {AuthenticationError} `rejected`, also if the context has no proof; `unavailable` if it cannot be checked.
 */
export function requireKey(context: Context, thumbprint: string): Awaitable<void> {
  return andThen<unknown, void>(context.provesKey?.(thumbprint) ?? false, (isProved) => {
    // Strictly `true`: a context in plain JavaScript may return anything.
    if (isProved !== true) throw notProved
  })
}
