export { tokenCacheKey } from './cache-key.ts'
export { cached, type CachedOptions } from './cached.ts'
