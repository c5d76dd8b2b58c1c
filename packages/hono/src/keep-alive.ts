import type { Awaitable } from '@kube-authn/core'
import type { Context } from 'hono'
import { isPromiseLike } from '@kube-authn/core/adapter'

/**
 * On Workers all that a request began ends when its client goes away, also what other requests wait for, such as the keys of an
 * issuer. This keeps it until it is done; Cloudflare allows half a minute.
 *
 * Source: Cloudflare Workers, "Context (ctx)", `waitUntil`.
 */
export function keepAlive(c: Context, work: Awaitable<unknown>): void {
  if (isPromiseLike(work) && 'WebSocketPair' in globalThis) {
    executionContextOf(c)?.waitUntil(Promise.resolve(work))
  }
}

function executionContextOf(c: Context): Context['executionCtx'] | undefined {
  try {
    return c.executionCtx
  } catch {
    // Somebody called the app without one.
    return undefined
  }
}
