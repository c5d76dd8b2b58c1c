import type { NodeRequest } from '@kube-authn/core/incoming-message'
import type { Context } from 'hono'

/** The request of Node's behind a context; `undefined` where the app does not run on `@hono/node-server`. */
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
 * Whether the headers of a request that `@hono/node-server` made were never read, so that none can be taken out. It makes them when
 * they are first read, which costs more than to find this out. What is not recognized counts as touched.
 */
export function untouchedByApp(request: Request): boolean {
  let isMadeOfNodes = false
  for (const { description } of Object.getOwnPropertySymbols(request)) {
    if (description === 'headersKey') return false
    if (description === 'incomingKey') isMadeOfNodes = true
  }
  return isMadeOfNodes
}
