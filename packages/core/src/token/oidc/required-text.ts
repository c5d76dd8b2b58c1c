import { rejected } from '../../authenticator/errors.ts'
import { type JsonObject, member } from '../jwt/read-jwt.ts'
import { wrongType } from './go-text.ts'

/**
 * The text of the claim of this very name; there are no paths. `null` is the empty text.
 *
 * @param what in front of what is wrong.
 * @throws {AuthenticationError} `rejected`, when there is no such claim, or it is no text.
 */
export function requiredText(claims: JsonObject, name: string, what: string): string {
  if (!Object.hasOwn(claims, name)) throw rejected(`${what}: claim not present`)
  const value = member(claims, name) ?? ''
  if (typeof value !== 'string') throw rejected(`${what}: ${wrongType(value, 'string')}`)
  return value
}
