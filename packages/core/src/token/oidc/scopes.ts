import { SCOPES_KEY } from '../../authenticator/scopes.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { UserExtra } from '../../authenticator/user.ts'
import { type JsonObject, member } from '../../internal/objects.ts'
import { quoted } from '@kube-authn/internal/quote'

/**
 * The scopes of a token as an extra: a string with spaces between scopes, as RFC 9068 has it in `scope`, or a list of strings, as several
 * providers have it in `scp`.
 *
 * Source: RFC 9068 section 2.2.3, RFC 8693 section 4.2.
 *
 * @throws {AuthenticationError} `rejected`, if the claim is anything else.
 */
export function scopesOfClaim(claims: JsonObject, claim: string): UserExtra {
  const value = member(claims, claim)
  if (value === undefined) return {}
  const given: readonly unknown[] = Array.isArray(value) ? value : [value]
  const scopes = given.flatMap((each) => {
    if (typeof each !== 'string') {
      throw rejected(`oidc: parse scopes claim ${quoted(claim)}: must be a string or a list of strings`)
    }
    return each.split(' ').filter((scope) => scope !== '')
  })
  return scopes.length === 0 ? {} : { [SCOPES_KEY]: [...new Set(scopes)] }
}
