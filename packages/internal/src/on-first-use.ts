/**
 * A value that is made when it is first used, for what few apps or requests need: making an error takes as long as reading a small file, and would delay
 * every start.
 */
export function onFirstUse<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/**
 * A module that is loaded when it is first used. Calls before that get a promise, later ones the module. Not one promise for all calls: on some runtimes a
 * promise belongs to the request that created it.
 */
export function loadedOnFirstUse<T extends object>(load: () => Promise<T>): () => T | Promise<T> {
  let loaded: T | undefined
  return () => loaded ?? load().then((module) => (loaded = module))
}
