/** The globals that identify a runtime. */
interface MaybeNavigator {
  readonly navigator?: { readonly userAgent?: unknown }
  readonly EdgeRuntime?: unknown
}

/**
 * Whether timers and network calls work outside of requests: before the first one, between them, and after the one that started them.
 * On Cloudflare's runtime they do not, and even trying is an error; nor on Vercel's edge, which is based on it.
 *
 * Source: vercel/edge-runtime#169.
 */
export function canWorkInBackground(): boolean {
  const { navigator, EdgeRuntime } = globalThis as MaybeNavigator
  return navigator?.userAgent !== 'Cloudflare-Workers' && EdgeRuntime === undefined
}
