import { base64urlOf, isCanonicalBase64url, textOfBase64url } from '@kube-authn/core/internal'
import { StoreError } from './store-error.ts'

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
  const read = parsed(token)
  if (Array.isArray(read) && read.length === 2) {
    const [revision, after] = read as readonly unknown[]
    const isRevision = typeof revision === 'number' && Number.isSafeInteger(revision) && revision >= 0
    if (isRevision && typeof after === 'string' && after.startsWith(prefix) && after.isWellFormed()) {
      return { revision, after }
    }
  }
  throw new StoreError('invalidContinue', 'the continue token is not one of this list')
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
