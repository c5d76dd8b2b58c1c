export { tokenCacheKey } from './cache-key.ts'
export { cached, cachedShape } from './cached.ts'
export type { CachedOptions } from './cached-options.ts'
export { cachedUnion, type CachedMember } from './cached-union.ts'
