import { Given } from '../internal/given.ts'

/**
 * A private field is not copied, cannot come from data, cannot be written by other code, and can be set on a frozen object. Testing for it
 * takes a few nanoseconds; checking every part of a user takes hundreds. A `WeakSet` and a `WeakMap` would also work, but every request with
 * a new user would pay for the entries.
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
 * Marks a user, or the `extra` of one, before it is frozen: every part of it has the right type, and none can change.
 *
 * @returns the same object.
 */
export function markSound<T extends object>(object: T): T {
  void new Sound(object)
  return object
}

/** Whether this object was passed to {@link markSound}. An unmarked object may be sound too. */
export function isMarkedSound(value: unknown): boolean {
  return Sound.has(value)
}

/** Memoizes a change of users, for those that are immutable: the users of files and caches recur. */
export function rememberingChange<T extends object>(change: (object: T) => T): (object: T) => T {
  return function changed(object) {
    // Only this closure stores variants under itself as the key.
    const known = Sound.variantOf(object, changed) as T | undefined
    if (known !== undefined) return known
    const variant = change(object)
    Sound.keep(object, changed, variant)
    return variant
  }
}
