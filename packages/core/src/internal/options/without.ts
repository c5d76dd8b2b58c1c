/** An object without some of its members: options for a function that refuses unknown ones, or a shape without some checks. */
export function without<T extends object, Name extends keyof T>(
  object: T,
  ...names: readonly Name[]
): Omit<T, Name> {
  const rest = { ...object }
  for (const name of names) Reflect.deleteProperty(rest, name)
  return rest
}
