/** What of the global `navigator` is looked at. */
interface MaybeNavigator {
  readonly navigator?: { readonly userAgent?: unknown }
  readonly EdgeRuntime?: unknown
}

/**
 * Whether anything can happen before a first request and between requests, and whether what a request began goes on after it:
 * timers and calls of others. On Cloudflare's runtime it cannot, and even trying is an error; nor on Vercel's edge, which has the
 * same under it.
 *
 * Source: vercel/edge-runtime#169.
 */
export function canWorkInBackground(): boolean {
  const { navigator, EdgeRuntime } = globalThis as MaybeNavigator
  return navigator?.userAgent !== 'Cloudflare-Workers' && EdgeRuntime === undefined
}
