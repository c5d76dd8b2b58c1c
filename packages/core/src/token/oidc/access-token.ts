import { CLIENT_ID_KEY, SCOPES_KEY } from '../../authenticator/extra-keys.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { UserExtra } from '../../authenticator/user.ts'
import { type JsonObject, member } from '../../internal/objects.ts'
import { quoted } from '@kube-authn/internal/quote'

/**
 * What an access token in the form of RFC 9068 adds to its user: its scopes and its client. Its type is checked before, as that of every token.
 *
 * Source: RFC 9068 section 2.2 (required claims) and 4 (validation).
 *
 * @throws {AuthenticationError} `rejected`, if a required claim is missing or has the wrong type.
 */
export function extraOfAccessToken(claims: JsonObject, scopesClaim: string): UserExtra {
  for (const name of ['iss', 'sub', 'client_id', 'jti']) {
    const value = member(claims, name)
    if (typeof value !== 'string' || value === '') throw missing(name)
  }
  for (const name of ['exp', 'iat']) if (typeof member(claims, name) !== 'number') throw missing(name)
  if (member(claims, 'aud') === undefined) throw missing('aud')
  return { [CLIENT_ID_KEY]: [String(member(claims, 'client_id'))], ...scopesOfClaim(claims, scopesClaim) }
}

function missing(name: string): Error {
  return rejected(`oidc: an access token must have the claim ${name}`)
}

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
      throw rejected(`parse scopes claim ${quoted(claim)}: must be a string or a list of strings`)
    }
    return each.split(' ').filter((scope) => scope !== '')
  })
  return scopes.length === 0 ? {} : { [SCOPES_KEY]: [...new Set(scopes)] }
}
