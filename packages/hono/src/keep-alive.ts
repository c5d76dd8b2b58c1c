import type { Context } from 'hono'

/**
 * On Workers, work that a request started is cancelled when its client disconnects, even if other requests wait for it, such as the keys of an
 * issuer. This keeps the work running until it is done; Cloudflare allows half a minute.
 *
 * Source: Cloudflare Workers, "Context (ctx)", `waitUntil`.
 */
export function keepAlive(c: Context, work: Promise<unknown>): void {
  if ('WebSocketPair' in globalThis) executionContextOf(c)?.waitUntil(work)
}

function executionContextOf(c: Context): Context['executionCtx'] | undefined {
  try {
    return c.executionCtx
  } catch {
    // The app was called without an execution context.
    return undefined
  }
}
