import { continueToken } from './continue-token.ts'
import type { StoredList, StoredObject } from './object-store.ts'

/** @throws {RangeError} if a list cannot have this limit. */
export function checkLimit(limit: number | undefined): void {
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw new RangeError('limit must be a whole number of at least 1')
  }
}

/**
 * A page of a list.
 *
 * @param found the objects of the page. One more than `limit` says that there is another page.
 */
export function pageOf(
  found: readonly StoredObject[],
  revision: number,
  limit: number | undefined,
): StoredList {
  const objects = limit === undefined ? found : found.slice(0, limit)
  const last = objects.at(-1)
  const isMore = last !== undefined && objects.length < found.length
  return { objects, revision, ...(isMore && { continue: continueToken({ revision, after: last.key }) }) }
}
