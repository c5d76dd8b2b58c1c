import type * as LruCache from 'lru-cache'
import { onDemand } from '../on-demand.ts'

const library = onDemand('lru-cache', import.meta.url)

/** The class of lru-cache, loaded on first use. */
export function lruCache(): typeof LruCache.LRUCache {
  return (library() as typeof LruCache).LRUCache
}
