import { type JsonObject, member } from '../../internal/objects.ts'
import { rejected } from '../../authenticator/errors.ts'
import { wrongType } from './go-text.ts'

/**
 * The string in the claim of exactly this name; the name is not a path. `null` reads as the empty string.
 *
 * @param what prefix of the error message.
 * @throws {AuthenticationError} `rejected` if the claim is absent or not a string.
 */
export function requiredText(claims: JsonObject, name: string, what: string): string {
  if (!Object.hasOwn(claims, name)) throw rejected(`${what}: claim not present`)
  const value = member(claims, name) ?? ''
  if (typeof value !== 'string') throw rejected(`${what}: ${wrongType(value, 'string')}`)
  return value
}
