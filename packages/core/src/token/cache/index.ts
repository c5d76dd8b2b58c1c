export { tokenCacheKey } from './cache-key.ts'
export { cached, cachedShape } from './cached.ts'
export type { CachedOptions } from './remembered-tokens.ts'
export { cachedUnion, type CachedMember } from './cached-union.ts'
