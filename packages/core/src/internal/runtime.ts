/**
 * Whether timers and network calls work outside of requests: before the first one, between them, and after the one that started them.
 * On Cloudflare's runtime they do not, and even trying is an error; nor on Vercel's edge, which is based on it.
 *
 * Source: vercel/edge-runtime#169.
 */
export function canWorkInBackground(): boolean {
  const { navigator, EdgeRuntime } = globalThis as {
    readonly navigator?: { readonly userAgent?: unknown }
    readonly EdgeRuntime?: unknown
  }
  return navigator?.userAgent !== 'Cloudflare-Workers' && EdgeRuntime === undefined
}
