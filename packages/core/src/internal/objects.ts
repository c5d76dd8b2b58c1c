/** Whether a value is an object and neither a list nor `null`, as an object in JSON. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of any object, also of a list and of its prototypes; `undefined` if the value is not an object. It runs getters. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
