import { LRUCache } from 'lru-cache'

/** The class of lru-cache, for bundlers and for runtimes that cannot load it later synchronously. */
export function lruCache(): typeof LRUCache {
  return LRUCache
}
