import type { ObjectStore } from '../store/object-store.ts'
import type { KubeObject } from './kube-object.ts'
import { selectsOf } from './selectors.ts'
import { fromStored, keyPrefix } from './stored-objects.ts'
import type { Collection } from './target.ts'

/** Some of the objects of a collection. */
export interface ObjectList {
  readonly items: readonly KubeObject[]
  readonly resourceVersion: string
  /** For the next page. */
  readonly continue?: string
}

/** How a list is paged. */
export interface PageOptions {
  readonly limit?: number
  readonly continue?: string
}

/** @throws {StatusError} 400, 410 */
export async function listObjects(
  store: ObjectStore,
  collection: Collection,
  { limit, continue: token }: PageOptions = {},
): Promise<ObjectList> {
  const selects = selectsOf(collection.resource, collection)
  const prefix = keyPrefix(collection.resource, collection.namespace)
  const items: KubeObject[] = []
  let next = token
  for (;;) {
    const page = await store.list(prefix, {
      ...(limit !== undefined && { limit: limit - items.length }),
      ...(next !== undefined && { continue: next }),
    })
    const objects = page.objects.map((stored) => fromStored(stored, stored.revision))
    items.push(...(selects === undefined ? objects : objects.filter(selects)))
    next = page.continue
    if (next === undefined || items.length === limit) {
      const resourceVersion = String(page.revision)
      return { items, resourceVersion, ...(next !== undefined && { continue: next }) }
    }
  }
}
