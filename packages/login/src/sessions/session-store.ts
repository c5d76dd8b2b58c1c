import { unavailable } from '@kube-authn/core'
import { isAuthenticationError, memberOf } from '@kube-authn/core/internal'

/** An object in a {@link SessionStore}. */
export interface SessionRecord {
  readonly key: string
  readonly value: string
  /** Of its last change. */
  readonly revision: number
}

/**
 * Where sessions are kept: the part of an `ObjectStore` of `@kube-authn/store` that they need. Requirements on another store:
 *
 * - Keys are strings of up to 400 ASCII characters, and values are JSON of up to 1 MiB.
 * - A read sees all changes that were acknowledged before it began, on every replica.
 * - An object is gone `ttlMs` after its last change.
 * - Errors have a `code`: `objectExists`, `objectNotFound`, `revisionConflict`. Any other means that the store is not available.
 */
export interface SessionStore {
  /** Resolves to `undefined` if there is no such object. */
  get(key: string): Promise<SessionRecord | undefined>
  /** The objects whose keys begin with `prefix`, in pages. It ends with `/`, and no key goes on with another one. */
  list(
    prefix: string,
    options: { readonly limit: number; readonly continue?: string },
  ): Promise<{ readonly objects: readonly SessionRecord[]; readonly continue?: string }>
  /** Fails with `objectExists` if there is one, even if several try at once. */
  create(
    key: string,
    value: string,
    lifetime: { readonly ttlMs: number },
  ): Promise<{ readonly revision: number }>
  /** Fails with `revisionConflict` if it is not at this revision any more, and with `objectNotFound`. */
  update(key: string, value: string, revision: number, lifetime: { readonly ttlMs: number }): Promise<unknown>
  /** Fails with `objectNotFound`, and with `revisionConflict` if it is not at the given revision. */
  delete(key: string, precondition?: { readonly revision: number }): Promise<unknown>
  /** The time by which objects end, in milliseconds since the epoch, on which all replicas agree. Default: the time of the runtime. */
  now?(): number
}

const REFUSALS = ['objectExists', 'objectNotFound', 'revisionConflict'] as const

/** Whether a store refused a change for one of these reasons. */
export function isRefusal(thrown: unknown, ...refusals: readonly (typeof REFUSALS)[number][]): boolean {
  const code = memberOf(thrown, 'code')
  return refusals.some((each) => each === code)
}

/** The same store, of which every other error is `unavailable`. */
export function availableStore(store: SessionStore): SessionStore {
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (thrown) {
      if (isAuthenticationError(thrown) || isRefusal(thrown, ...REFUSALS)) throw thrown
      throw unavailable('the store of sessions is not available', { cause: thrown })
    }
  }
  return {
    get: (key) => ask(() => store.get(key)),
    list: (prefix, options) => ask(() => store.list(prefix, options)),
    create: (key, value, lifetime) => ask(() => store.create(key, value, lifetime)),
    update: (key, value, revision, lifetime) => ask(() => store.update(key, value, revision, lifetime)),
    delete: (key, precondition) => ask(() => store.delete(key, precondition)),
  }
}

const PAGE = 500

/** The objects whose keys begin with this, page by page. */
export async function* recordsUnder(
  store: SessionStore,
  prefix: string,
): AsyncGenerator<SessionRecord, void> {
  let next: string | undefined
  do {
    const page = await store.list(prefix, { limit: PAGE, ...(next !== undefined && { continue: next }) })
    yield* page.objects
    next = page.continue
  } while (next !== undefined)
}

/** Creates an object unless there is one. @returns its revision; `undefined` if there is one. */
export async function createRecord(
  store: SessionStore,
  key: string,
  value: string,
  ttlMs: number,
): Promise<number | undefined> {
  try {
    const { revision } = await store.create(key, value, { ttlMs })
    return revision
  } catch (thrown) {
    if (isRefusal(thrown, 'objectExists')) return undefined
    throw thrown
  }
}

/** Deletes an object. @returns whether it was there. */
export async function removeRecord(store: SessionStore, key: string, revision?: number): Promise<boolean> {
  try {
    await store.delete(key, revision === undefined ? undefined : { revision })
    return true
  } catch (thrown) {
    if (isRefusal(thrown, 'objectNotFound', 'revisionConflict')) return false
    throw thrown
  }
}
