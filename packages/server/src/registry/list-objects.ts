import { presentToken, resolvedToken } from '@kube-authn/store/internal'
import { isStoreError, type ObjectStore, type StoredObject } from '@kube-authn/store'
import type { KubeObject } from './kube-object.ts'
import { type Collection, type Selects, selectsOf } from './selectors.ts'
import { continueExpired } from './status-errors.ts'
import { fromStored, keyPrefix } from './stored-objects.ts'

export interface ObjectList {
  readonly items: readonly KubeObject[]
  readonly resourceVersion: string
  /** For the next page. */
  readonly continue?: string
}

/** An object of a list, which may have been read already. */
export interface ListedObject {
  readonly stored: StoredObject
  readonly object: KubeObject | undefined
}

/** The same, as they are stored. */
export interface StoredPage extends Omit<ObjectList, 'items'> {
  readonly items: readonly ListedObject[]
}

/** @throws {StoreError} `storeCorrupted` */
export function listedObject({ stored, object }: ListedObject): KubeObject {
  return object ?? fromStored(stored, stored.revision)
}

/** How a list is paged. */
export interface PageOptions {
  readonly limit?: number | undefined
  /** `continue` of the page before. */
  readonly continue?: string | undefined
}

/**
 * All objects of a collection that are selected, or a page of them.
 *
 * Source: apiserver `pkg/storage/etcd3/store.go` GetList, which reads more at a time while few objects are selected.
 *
 * @throws {StatusError} 400, 410
 */
export async function listObjects(
  store: ObjectStore,
  collection: Collection,
  page: PageOptions = {},
): Promise<ObjectList> {
  const { items, ...listed } = await listStored(store, collection, page)
  return { items: items.map(listedObject), ...listed }
}

/** The same, without what takes most of the time and memory of a long list. */
export async function listStored(
  store: ObjectStore,
  collection: Collection,
  { limit = Infinity, continue: token }: PageOptions = {},
): Promise<StoredPage> {
  const selects = selectsOf(collection.resource, collection)
  const prefix = keyPrefix(collection.resource, collection.namespace)
  if (token === undefined) return pageFrom(store, prefix, selects, limit, undefined)
  const from = await resolvedToken(token, prefix, () => store.revision())
  try {
    return await pageFrom(store, prefix, selects, limit, from)
  } catch (thrown) {
    if (isStoreError(thrown, 'revisionCompacted')) throw continueExpired(presentToken(from, prefix))
    throw thrown
  }
}

async function pageFrom(
  store: ObjectStore,
  prefix: string,
  selects: Selects | undefined,
  limit: number,
  token: string | undefined,
): Promise<StoredPage> {
  const items: ListedObject[] = []
  let next = token
  // The first page has no more than is wanted: without a token it could not be read again at its revision.
  let size = Math.min(limit, MAX_PAGE)
  for (;;) {
    const from = next === undefined ? {} : { continue: next }
    const { objects, revision, continue: following } = await store.list(prefix, { ...from, limit: size })
    const { found, count } = select(objects, selects, limit - items.length, items.length < MAX_PAGE)
    items.push(...found)
    const resourceVersion = String(revision)
    const isWhole = count === objects.length
    if (isWhole && following === undefined) return { items, resourceVersion }
    if (items.length === limit) {
      // Only the store knows how to go on after an object: after the last one of a page.
      const last = isWhole ? following : (await store.list(prefix, { ...from, limit: count })).continue
      return { items, resourceVersion, ...(last !== undefined && { continue: last }) }
    }
    next = following
    size = Math.min(selects === undefined ? limit - items.length : size * 2, MAX_PAGE)
  }
}

/** How many objects are read at a time. */
const MAX_PAGE = 500

/**
 * The first objects that are selected, and how many objects were looked at for them.
 *
 * @param keeps whether what was read for that is kept: not for the many objects of a long list.
 */
function select(
  objects: readonly StoredObject[],
  selects: Selects | undefined,
  limit: number,
  keeps: boolean,
): { readonly found: readonly ListedObject[]; readonly count: number } {
  if (selects === undefined) {
    return { found: objects.map((stored) => ({ stored, object: undefined })), count: objects.length }
  }
  const found: ListedObject[] = []
  let count = 0
  for (const stored of objects) {
    if (found.length === limit) break
    count++
    const object = fromStored(stored, stored.revision)
    if (selects(object)) found.push({ stored, object: keeps ? object : undefined })
  }
  return { found, count }
}
