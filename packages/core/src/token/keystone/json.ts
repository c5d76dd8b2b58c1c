import { type AuthenticationError, unavailable } from '../../authenticator/errors.ts'

/** An object that came in JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Keystone answered, and not what it should have: nothing was found out. */
export function unusable(why: string): AuthenticationError {
  return unavailable(`Keystone gave no usable answer: ${why}`)
}

/**
 * The object that a text is.
 *
 * @throws {AuthenticationError} `unavailable`, when it is none.
 */
export function parseObject(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser quotes what it read, and that may be a token.
    throw unusable('it is no JSON')
  }
  if (!isJsonObject(value)) throw unusable('it is no object')
  return value
}

/** The value of a field; `undefined` when it is absent or `null`. */
export function valueIn(parent: JsonObject, name: string): unknown {
  return Object.hasOwn(parent, name) ? (parent[name] ?? undefined) : undefined
}

/** @throws {AuthenticationError} `unavailable`, when it is there and no object. */
export function objectIn(parent: JsonObject, name: string): JsonObject | undefined {
  const value = valueIn(parent, name)
  if (value === undefined || isJsonObject(value)) return value
  throw unusable(`${name} is no object`)
}

/** @throws {AuthenticationError} `unavailable`, when it is there and no list of objects. Absent: an empty one. */
export function objectsIn(parent: JsonObject, name: string): readonly JsonObject[] {
  const value = valueIn(parent, name) ?? []
  if (Array.isArray(value) && value.every(isJsonObject)) return value
  throw unusable(`${name} is no list of objects`)
}

/** @throws {AuthenticationError} `unavailable`, when it is no text, or an empty one. */
export function textIn(parent: JsonObject, name: string): string {
  const value = valueIn(parent, name)
  if (typeof value === 'string' && value !== '') return value
  throw unusable(`${name} is no text`)
}

/** Whether it is an object, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
