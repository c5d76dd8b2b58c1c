/**
 * A value that is made when it is first used, for what few apps or requests need: making an error takes as long as reading a small file, and would delay
 * every start.
 */
export function onFirstUse<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
