import { base64urlOf, isCanonicalBase64url, textOfBase64url } from '@kube-authn/core/internal'
import type { StoredList, StoredObject } from './object-store.ts'
import { StoreError } from './store-error.ts'

/** @throws {RangeError} if a list cannot have this limit. */
export function checkLimit(limit: number | undefined): void {
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw new RangeError('limit must be a whole number of at least 1')
  }
}

/** A page of a list. @param found the objects of the page. One more than `limit` says that there is another page. */
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

/** Where a list goes on. */
export interface Continuation {
  /** The revision of the first page. */
  readonly revision: number
  /** The key of the last object of the page before. */
  readonly after: string
}

/** The `continue` of a page: what a client may keep, and may change. */
export function continueToken({ revision, after }: Continuation): string {
  return base64urlOf(new TextEncoder().encode(JSON.stringify([revision, after])))
}

/** @throws {StoreError} `invalidContinue` if it is none, or of a list with another prefix. */
export function readContinueToken(token: string, prefix: string): Continuation {
  const read = placeIn(token, prefix)
  if (read !== undefined && read.revision >= 0) return read
  throw new StoreError('invalidContinue', 'the continue token is not one of this list')
}

/** Instead of a revision: that of the time when the list goes on. */
const PRESENT = -1

/**
 * The same place in whatever revision there is when the list goes on: for a client whose pages are too old, and who takes that the list is of two revisions.
 *
 * @throws {StoreError} `invalidContinue`
 */
export function presentToken(token: string, prefix: string): string {
  return continueToken({ ...readContinueToken(token, prefix), revision: PRESENT })
}

/** The token for a store: a {@link presentToken} is of the revision that there is now. */
export async function resolvedToken(
  token: string,
  prefix: string,
  currentRevision: () => Promise<number>,
): Promise<string> {
  const read = placeIn(token, prefix)
  if (read?.revision !== PRESENT) return token
  return continueToken({ ...read, revision: await currentRevision() })
}

function placeIn(token: string, prefix: string): Continuation | undefined {
  const read = parsed(token)
  if (!Array.isArray(read) || read.length !== 2) return undefined
  const [revision, after] = read as readonly unknown[]
  const isRevision = typeof revision === 'number' && Number.isSafeInteger(revision) && revision >= PRESENT
  const isKey = typeof after === 'string' && after.startsWith(prefix) && after.isWellFormed()
  return isRevision && isKey ? { revision, after } : undefined
}

function parsed(token: string): unknown {
  if (typeof token !== 'string' || token.length > MAX_TOKEN || !isCanonicalBase64url(token)) return undefined
  try {
    return JSON.parse(textOfBase64url(token))
  } catch {
    return undefined
  }
}

/** Longer than any token: a key has 1,024 bytes, and its escapes in JSON at most six times as many. */
const MAX_TOKEN = 10_000
