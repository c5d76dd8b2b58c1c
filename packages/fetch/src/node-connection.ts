import type { NodeRequest, NodeResponse } from '@kube-authn/core/adapter'

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
  const node = property(property(request, 'runtime'), 'node')
  return (
    connectionOf(property(first, 'incoming'), property(first, 'outgoing')) ??
    connectionOf(property(node, 'req'), property(node, 'res'))
  )
}

function connectionOf(incoming: unknown, outgoing: unknown): NodeConnection | undefined {
  return isNodeRequest(incoming) && isNodeResponse(outgoing) ? { incoming, outgoing } : undefined
}

/** Parsed data, which a client may have sent, has no functions. */
function isNodeRequest(incoming: unknown): incoming is NodeRequest {
  return Array.isArray(property(incoming, 'rawHeaders')) && typeof property(incoming, 'once') === 'function'
}

function isNodeResponse(outgoing: unknown): outgoing is NodeResponse {
  return (
    typeof property(outgoing, 'statusCode') === 'number' && typeof property(outgoing, 'once') === 'function'
  )
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
