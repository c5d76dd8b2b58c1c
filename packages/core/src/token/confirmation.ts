import { quoted } from '@kube-authn/internal/quote'
import { requireCertificate } from '../authenticator/bound-certificate.ts'
import { requireKey } from '../authenticator/bound-key.ts'
import type { Context } from '../authenticator/context.ts'
import { rejected } from '../authenticator/errors.ts'
import { andThen, type Awaitable } from '../internal/awaitable.ts'
import { isObject } from '../internal/objects.ts'

/**
 * Refuses a token that is bound to a key by `cnf`, unless the sender proved that it has the key: `x5t#S256` is the client certificate of the connection, and `jkt` the key of a proof
 * (DPoP). A token that is bound by several needs all of them. Any other member is refused.
 *
 * Source: RFC 7800 section 3.1 (`cnf`), RFC 8705 section 3.1 (`x5t#S256`), RFC 9449 section 6.1 (`jkt`), and their use in introspection (RFC 8705 section 3.2, RFC 9449 section 6.2).
 *
 * @param confirmation the value of `cnf`.
 * @param asker the name of the authenticator, for messages.
 * @throws {AuthenticationError} `rejected`, or `unavailable` if it cannot be checked.
 */
export function requireConfirmation(context: Context, confirmation: unknown, asker: string): Awaitable<void> {
  const malformed = (): Error => rejected(`${asker}: claim cnf is malformed`)
  if (!isObject(confirmation) || Object.keys(confirmation).length === 0) throw malformed()
  const unknown = Object.keys(confirmation).find((name) => name !== CERTIFICATE && name !== KEY)
  if (unknown !== undefined) {
    const name = quoted(unknown.slice(0, 32))
    throw rejected(
      `${asker}: the token is bound to a key by ${name} of claim cnf, which cannot be verified here`,
    )
  }
  const thumbprintOf = (name: string): string | undefined => {
    if (!Object.hasOwn(confirmation, name)) return undefined
    const thumbprint = confirmation[name]
    if (typeof thumbprint !== 'string' || !/^[\w-]{43}$/.test(thumbprint)) throw malformed()
    return thumbprint
  }
  const certificate = thumbprintOf(CERTIFICATE)
  const key = thumbprintOf(KEY)
  return andThen(certificate === undefined ? undefined : requireCertificate(context, certificate), () =>
    key === undefined ? undefined : requireKey(context, key),
  )
}

const CERTIFICATE = 'x5t#S256'
const KEY = 'jkt'
