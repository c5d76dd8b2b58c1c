/** What the other packages of kube-authn use beyond the public entries, on every runtime. Any release may change it. @module */
export type { Kept } from './cache/cached-objects.ts'
export { joinedCopies } from './cache/joined-copies.ts'
export {
  RETRY_SECONDS,
  type StoreCache,
  storeCache,
  type StoreCacheOptions,
  storeCacheShape,
  type StoreCopy,
} from './cache/store-cache.ts'
export { type LimitLevel, limitLevels } from './cache/limit-levels.ts'
export { countObjects } from './count-objects.ts'
export { continueToken, presentToken, resolvedToken } from './list-pages.ts'
export { fencedStore } from './fenced-store.ts'
export { forwardedStore } from './forwarded-store.ts'
export { delay, followStore, type StoreFollower } from './follow-store.ts'
export { byBytes } from './key-order.ts'
export { checkKey, checkValue, MAX_KEY_BYTES, MAX_VALUE_BYTES } from './limits.ts'
export { deferred } from './local/deferred.ts'
export { turns } from './local/turns.ts'
export { fencedOff } from './store-error.ts'
export { storeClock, storeNow } from './store-time.ts'
export type { FoundObject, StoreSnapshot, UnreadableObject } from './store-snapshot.ts'
export { yieldToEventLoop } from './yield-to-event-loop.ts'
