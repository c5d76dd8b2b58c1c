export { tokenCacheKey } from './cache-key.ts'
export { cached, type CachedOptions, cachedShape } from './cached.ts'
export { cachedUnion, type CachedMember } from './cached-union.ts'
