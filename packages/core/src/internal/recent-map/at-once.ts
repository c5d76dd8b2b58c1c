import { LRUCache } from 'lru-cache'

/** The class of lru-cache, where it cannot be loaded later without a promise, or a bundler has it anyway. */
export function lruCache(): typeof LRUCache {
  return LRUCache
}
