/** Members of which some may be `undefined`. */
type Defined<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> }

/** The members that are not `undefined`: for options that may be absent, but not `undefined`. */
export function defined<T extends object>(members: T): Defined<T>
export function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
