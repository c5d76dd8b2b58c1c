import { type AuthenticationError, unavailable } from '@kube-authn/core'
import { isObject, type JsonObject, member } from '@kube-authn/core/internal'

/** The error for an invalid response, which says nothing about the credential. */
export function unusable(why: string): AuthenticationError {
  return unavailable(`Keystone gave no usable answer: ${why}`)
}

/**
 * Parses a JSON object.
 *
 * @throws {AuthenticationError} `unavailable`, if the text is not a JSON object.
 */
export function parseObject(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // No cause: the parser quotes its input, which may contain a token.
    throw unusable('it is not JSON')
  }
  if (!isObject(value)) throw unusable('it must be an object')
  return value
}

/** @throws {AuthenticationError} `unavailable`, if the field is present and not an object. */
export function objectIn(parent: JsonObject, name: string): JsonObject | undefined {
  const value = member(parent, name)
  if (value === undefined || isObject(value)) return value
  throw unusable(`${name} must be an object`)
}

/** An absent list is empty. @throws {AuthenticationError} `unavailable`, if the field is not a list of objects. */
export function objectsIn(parent: JsonObject, name: string): readonly JsonObject[] {
  const value = member(parent, name) ?? []
  if (Array.isArray(value) && value.every(isObject)) return value
  throw unusable(`${name} must be a list of objects`)
}

/** @throws {AuthenticationError} `unavailable`, if the field is not a non-empty string. */
export function textIn(parent: JsonObject, name: string): string {
  const value = member(parent, name)
  if (typeof value === 'string' && value !== '') return value
  throw unusable(`${name} must be a non-empty string`)
}
