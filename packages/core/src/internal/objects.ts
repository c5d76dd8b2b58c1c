/** An object in JSON. Read it with {@link member} or `Object.hasOwn`: a sender chooses the names. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object and neither a list nor `null`, as an object in JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of any object, also of a list and of its prototypes; `undefined` if the value is not an object. It runs getters. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** A member of any object, as of {@link memberOf}, that is a string; `''` if it is something else. */
export function stringMemberOf(value: unknown, name: string): string {
  const found = memberOf(value, name)
  return typeof found === 'string' ? found : ''
}

/** A member of an object; `undefined` if it is absent, inherited or `null`. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined
}
