/** An object from a copy of another version: the members that are checked, each of any type or missing. */
export interface Unread {
  readonly body?: unknown
  readonly code?: unknown
  readonly errors?: unknown
  readonly file?: unknown
  readonly headers?: unknown
  readonly message?: unknown
  readonly problems?: unknown
  readonly status?: unknown
}

/**
 * Brands a class, so that its instances are recognised whichever copy of this package made them: two versions in one
 * `node_modules` have two classes of the same name, and with `instanceof` alone an error of the other copy would look like a fault.
 *
 * The brand is a registered symbol on the prototype. It cannot come from data, such as JSON, and subclasses inherit it.
 * A copy may be of another version, so a branded object counts only if `isReadable` finds the members of `T` in it.
 * `instanceof` with the class itself makes the same check; with a subclass it is the ordinary operator.
 *
 * @param name unique among the branded classes; part of the protocol between copies, so it never changes.
 * @returns whether a value is an instance. It never throws.
 */
export function branded<T extends object>(
  constructor: abstract new (...args: never) => T,
  name: string,
  isReadable: (value: Unread) => boolean,
): (value: unknown) => value is T {
  const brand = Symbol.for(`@kube-authn/${name}`)
  const isInstance = (value: unknown): value is T => {
    if (typeof value !== 'object' || value === null) return false
    // A proxy, or a getter, may throw.
    try {
      return Reflect.get(value, brand) === true && isReadable(value)
    } catch {
      return false
    }
  }
  Object.defineProperty(constructor.prototype, brand, { value: true })
  Object.defineProperty(constructor, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return this === constructor ? isInstance(value) : ordinaryHasInstance.call(this, value)
    },
  })
  return isInstance
}

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance]
