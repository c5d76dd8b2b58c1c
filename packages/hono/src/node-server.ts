import type { NodeRequest } from '@kube-authn/core/adapter'
import type { Context } from 'hono'

/** Node's request behind a context; `undefined` if the app does not run on `@hono/node-server`. */
export function nodeRequestOf(c: Context): NodeRequest | undefined {
  const env: unknown = c.env
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined
  return isNodeRequest(env.incoming) ? env.incoming : undefined
}

function isNodeRequest(incoming: unknown): incoming is NodeRequest {
  return (
    typeof incoming === 'object' &&
    incoming !== null &&
    'rawHeaders' in incoming &&
    Array.isArray(incoming.rawHeaders)
  )
}

/**
 * Whether the headers of a request of `@hono/node-server` were never read, so that none was removed. It makes them on first access, which takes
 * longer than all of authentication. A request of another kind counts as read.
 */
export function untouchedByApp(request: Request): boolean {
  let isOfNodeServer = false
  for (const { description } of Object.getOwnPropertySymbols(request)) {
    if (description === 'headersKey') return false
    if (description === 'incomingKey') isOfNodeServer = true
  }
  return isOfNodeServer
}
