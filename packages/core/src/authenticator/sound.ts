/** Makes what is constructed the object that is given, so that a derived class puts its private fields there. */
// oxlint-disable-next-line typescript/no-extraneous-class -- there is no other way to give an object of another class a private field
class Given {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- as above
    return object
  }
}

/**
 * A private field is on no copy, comes from no data, and is written by nobody else; that an object is frozen does not matter to it. To look for it
 * takes some nanoseconds, where to look at every part of a user takes hundreds. A `WeakSet` and a `WeakMap` would do too, but every request
 * that has a user of its own would pay for entries to be made and collected.
 */
class Sound extends Given {
  #by: object | undefined = undefined
  #variant: object | undefined = undefined

  static has(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #by in value
  }

  static variantOf(object: object, by: object): unknown {
    return #by in object && object.#by === by ? object.#variant : undefined
  }

  static keep(object: object, by: object, variant: object): void {
    if (!(#by in object)) return
    object.#by = by
    object.#variant = variant
  }
}

/**
 * Says of a user, or the `extra` of one, before it is frozen, that everything in it has the type it should have and that nothing in it can
 * change.
 *
 * @returns the same object.
 */
export function markSound<T extends object>(object: T): T {
  void new Sound(object)
  return object
}

/** Whether {@link markSound} was told of this very object. It may be sound without. */
export function isMarkedSound(value: unknown): boolean {
  return Sound.has(value)
}

/** What changes users, and remembers of each that cannot change itself what came out: users of files and caches come again and again. */
export function rememberingChange<T extends object>(change: (object: T) => T): (object: T) => T {
  return function changed(object) {
    // Nobody else keeps anything under this function.
    const known = Sound.variantOf(object, changed) as T | undefined
    if (known !== undefined) return known
    const variant = change(object)
    Sound.keep(object, changed, variant)
    return variant
  }
}
