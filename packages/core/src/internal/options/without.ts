/** An object without some of its members: options for a function that refuses unknown ones, or a shape without some checks. */
export function without<T extends object, Name extends keyof T>(
  object: T,
  ...names: readonly Name[]
): Omit<T, Name> {
  const rest = { ...object }
  for (const name of names) Reflect.deleteProperty(rest, name)
  return rest
}

/** The same, without members that are `undefined`. */
export type Defined<T> = {
  readonly [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name]
} & {
  readonly [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>
}

/**
 * An object without members that are `undefined`: options for a function that has them too.
 *
 * @example
 * const fetch = createFetch(transport, defined({ observer, clock }))
 */
export function defined<T extends object>(members: T): Defined<T>
export function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
