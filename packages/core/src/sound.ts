/** Makes what is constructed the object that is given, so that a derived class puts its private fields there. */
// oxlint-disable-next-line typescript/no-extraneous-class -- there is no other way to give an object of another class a private field
class Given {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- as above
    return object
  }
}

/**
 * A private field is on no copy, comes from no data, and is written by nobody else. To look for it takes some nanoseconds, where to look
 * at every part of a user takes hundreds. A `WeakSet` would do too, but every request that has a user of its own would pay for it to be
 * collected.
 */
class Sound extends Given {
  readonly #isSound = true

  static has(object: object): boolean {
    return #isSound in object && object.#isSound
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
export function isMarkedSound(object: object): boolean {
  return Sound.has(object)
}
