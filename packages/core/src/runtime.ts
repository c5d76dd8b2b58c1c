/** What of the global `navigator` is looked at. */
interface MaybeNavigator {
  readonly navigator?: { readonly userAgent?: unknown }
}

/**
 * Whether anything can happen before a first request and between requests: timers and calls of others. On Cloudflare's runtime it
 * cannot, and even trying is an error.
 */
export function canWorkInBackground(): boolean {
  return (globalThis as MaybeNavigator).navigator?.userAgent !== 'Cloudflare-Workers'
}
