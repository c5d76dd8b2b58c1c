import type { ObjectStore } from './object-store.ts'

const PAGE = 500

/** How many objects have keys that begin with a prefix: by the engine, or else by listing them. @param most where counting ends. */
export async function countObjects(store: ObjectStore, prefix: string, most: number): Promise<number> {
  if (store.count !== undefined) return store.count(prefix, most)
  let count = 0
  let next: string | undefined
  do {
    const page = await store.list(prefix, { limit: PAGE, ...(next !== undefined && { continue: next }) })
    count += page.objects.length
    next = page.continue
  } while (next !== undefined && count < most)
  return Math.min(count, most)
}
