import type { NodeRequest, NodeResponse } from '@kube-authn/core/adapter'
import { isNodeRequest, isNodeResponse, memberOf } from '@kube-authn/core/internal'

/** The request and response of Node behind a Fetch request. */
export interface NodeConnection {
  readonly incoming: NodeRequest
  readonly outgoing: NodeResponse
}

/**
 * The connection that `@hono/node-server` passes after the request (`incoming`, `outgoing`), or that srvx, so H3 2 and Nitro, keeps in the request
 * (`runtime.node`). `undefined` on other servers and runtimes.
 */
export function nodeConnectionOf(request: Request, [first]: readonly unknown[]): NodeConnection | undefined {
  const node = memberOf(memberOf(request, 'runtime'), 'node')
  return (
    connectionOf(memberOf(first, 'incoming'), memberOf(first, 'outgoing')) ??
    connectionOf(memberOf(node, 'req'), memberOf(node, 'res'))
  )
}

function connectionOf(incoming: unknown, outgoing: unknown): NodeConnection | undefined {
  // As for the response: parsed data, which a client may have sent, has no functions.
  const hasEvents = typeof memberOf(incoming, 'once') === 'function'
  return hasEvents && isNodeRequest(incoming) && isNodeResponse(outgoing) ? { incoming, outgoing } : undefined
}
