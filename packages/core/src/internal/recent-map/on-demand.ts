import type * as LruCache from 'lru-cache'
import { onDemand } from '../on-demand.ts'

const library = onDemand('lru-cache', import.meta.url)

/** The class of lru-cache, which is loaded with the first thing that is remembered. */
export function lruCache(): typeof LruCache.LRUCache {
  return (library() as typeof LruCache).LRUCache
}
