import type { NodeRequest, NodeResponse } from '@kube-authn/core/adapter'
import { memberOf } from '@kube-authn/core/internal'

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
  return isNodeRequest(incoming) && isNodeResponse(outgoing) ? { incoming, outgoing } : undefined
}

/** Parsed data, which a client may have sent, has no functions. */
function isNodeRequest(incoming: unknown): incoming is NodeRequest {
  return Array.isArray(memberOf(incoming, 'rawHeaders')) && typeof memberOf(incoming, 'once') === 'function'
}

function isNodeResponse(outgoing: unknown): outgoing is NodeResponse {
  return (
    typeof memberOf(outgoing, 'statusCode') === 'number' && typeof memberOf(outgoing, 'once') === 'function'
  )
}
