import { rejected } from '../../authenticator/errors.ts'
import { isJsonObject, type JsonObject, member } from '../jwt/read-jwt.ts'
import type { ObjectReference } from './user-info.ts'

/*
 * Claims of a token whose signature is verified. One of another type than it should have is an error: whoever made such a token
 * means something else by it. What is absent or `null` is the empty value of its type, as in Go.
 */

/** Checks the types of the claims that every JWT can have (RFC 7519 section 4.1), whether or not they are looked at. */
export function checkRegisteredClaims(claims: JsonObject): void {
  for (const name of ['iss', 'sub', 'jti']) textClaim(claims, name)
  for (const name of ['exp', 'nbf', 'iat']) timeClaim(claims, name)
  audienceClaim(claims)
}

/** A claim that is a text. */
export function textClaim(claims: JsonObject, name: string): string {
  const value = member(claims, name) ?? ''
  if (typeof value !== 'string') throw wrongType(name)
  return value
}

/** A claim that is a time in seconds since the epoch, below 2^53, as milliseconds. Parts of a second do not count. */
export function timeClaim(claims: JsonObject, name: string): number | undefined {
  const value = member(claims, name)
  if (value === undefined) return undefined
  const seconds = typeof value === 'number' ? Math.trunc(value) : Number.NaN
  if (!Number.isSafeInteger(seconds)) throw wrongType(name)
  return seconds * 1000
}

/** A claim that is an object. */
export function objectClaim(claims: JsonObject, name: string): JsonObject | undefined {
  const value = member(claims, name)
  if (value !== undefined && !isJsonObject(value)) throw wrongType(name)
  return value
}

/** A claim that names an object. */
export function referenceClaim(claims: JsonObject, name: string): ObjectReference | undefined {
  const reference = objectClaim(claims, name)
  return reference && { name: textClaim(reference, 'name'), uid: textClaim(reference, 'uid') }
}

/** `aud`: one text or a list of them, and unlike others not `null`: a token for nobody is not one for everybody. */
export function audienceClaim(claims: JsonObject): readonly string[] {
  const value = Object.hasOwn(claims, 'aud') ? claims['aud'] : []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.map((audience) => {
    if (typeof audience !== 'string') throw wrongType('aud')
    return audience
  })
}

function wrongType(name: string): Error {
  return rejected(`the ${name} claim is of another type`)
}
