import { isObject, type JsonObject, member } from '../../internal/objects.ts'
import type { Awaitable } from '../../internal/awaitable.ts'
import type { Context } from '../../authenticator/context.ts'
import type { CredentialRevocation } from '../../authenticator/credential-revocation.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { UnverifiedJwt } from '../jwt/read-jwt.ts'
import type { ObjectReference, ServiceAccountInfo } from './user-info.ts'

export interface ValidClaims {
  readonly info: ServiceAccountInfo
  /** When the token expires, in milliseconds since the epoch. Absent: never. */
  readonly expiresAtMs?: number | undefined
  /** When it was issued, likewise. Absent: unknown. */
  readonly issuedAtMs?: number | undefined
  /** Whether what it depends on is gone. Absent: that is not watched. */
  readonly revocation?: CredentialRevocation | undefined
}

/** Validates the claims of a token whose signature and audiences are verified. Throws if they are invalid. */
export type ClaimsValidator = (jwt: UnverifiedJwt, context: Context) => Awaitable<ValidClaims>

/*
 * Reads the claims of a token whose signature is verified. A claim of the wrong type is an error, since its meaning is unknown. Absent and
 * `null` claims read as the empty value of their type, as in Go.
 */

/** Checks the types of the registered claims (RFC 7519 section 4.1), whether or not they are used. `iss` is read before: it says whose token it is. */
export function checkRegisteredClaims(claims: JsonObject): void {
  for (const name of ['sub', 'jti']) textClaim(claims, name)
  for (const name of ['exp', 'nbf', 'iat']) timeClaim(claims, name)
  audienceClaim(claims)
}

export function textClaim(claims: JsonObject, name: string): string {
  const value = member(claims, name) ?? ''
  if (typeof value !== 'string') throw wrongType(name)
  return value
}

/** A time claim, in milliseconds. The claim is in seconds since the epoch, below 2^53; fractions are cut off. */
export function timeClaim(claims: JsonObject, name: string): number | undefined {
  const value = member(claims, name)
  if (value === undefined) return undefined
  const seconds = typeof value === 'number' ? Math.trunc(value) : Number.NaN
  if (!Number.isSafeInteger(seconds)) throw wrongType(name)
  return seconds * 1000
}

export function objectClaim(claims: JsonObject, name: string): JsonObject | undefined {
  const value = member(claims, name)
  if (value !== undefined && !isObject(value)) throw wrongType(name)
  return value
}

export function referenceClaim(claims: JsonObject, name: string): ObjectReference | undefined {
  const reference = objectClaim(claims, name)
  return reference && { name: textClaim(reference, 'name'), uid: textClaim(reference, 'uid') }
}

/** `aud`: a string or a list of strings. `null` is an error here, as it must not read as a token without audience restriction. */
export function audienceClaim(claims: JsonObject): readonly string[] {
  const value = Object.hasOwn(claims, 'aud') ? claims['aud'] : []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.map((audience) => {
    if (typeof audience !== 'string') throw wrongType('aud')
    return audience
  })
}

function wrongType(name: string): Error {
  return rejected(`the ${name} claim has the wrong type`)
}
