import type { IncomingMessage } from 'node:http'
import { incomingMessageRequest, type StatusError } from '@kube-authn/core/adapter'
import { type RequestInfo, requestInfo } from '@kube-authn/core/authorization'
import { badRequest, isStatusError } from '@kube-authn/core/internal'
import { bodyOf, hasContent } from '../body.ts'
import { valuesOf } from '../headers/hop-by-hop.ts'
import { forwardedTarget } from '../target.ts'

/** The protocols of kubectl and browsers, which carry no requests that a server would answer. */
const PROTOCOLS: ReadonlySet<string> = new Set(['websocket', 'spdy/3.1'])
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST'])

/** The subresources of the core API that carry any protocol, by resource. */
const TUNNELS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['pods', new Set(['attach', 'exec', 'portforward', 'proxy'])],
  ['services', new Set(['proxy'])],
  ['nodes', new Set(['proxy'])],
])

/**
 * The protocol that a request asks to switch to, as the client spells it.
 *
 * Others are refused: a server may answer to `h2c`, for example, with HTTP/2, over which a client could send requests of its own as the proxy. So is a request with
 * content, since what follows it must not be read as another request, and one for something that kube-apiserver serves without an upgrade only.
 *
 * Source: apiserver `pkg/registry/core/pod/rest/subresources.go`, `pkg/endpoints/handlers/watch.go` and `responsewriters/writers.go`.
 *
 * @returns the refusal of what is not forwarded.
 */
export function upgradeProtocol(
  message: IncomingMessage,
  received: string,
  prefix: string,
): string | StatusError {
  const { rawHeaders, method = '' } = message
  const values = valuesOf(rawHeaders, 'upgrade')
  const [protocol = ''] = values
  if (values.length !== 1 || !PROTOCOLS.has(protocol.toLowerCase())) {
    return badRequest('only upgrades to websocket and SPDY/3.1 are forwarded')
  }
  if (!METHODS.has(method)) return badRequest('an upgrade must be a GET or a POST')
  const body = bodyOf(message)
  if (isStatusError(body)) return body
  if (hasContent(body)) return badRequest('an upgrade must not have content')
  const target = forwardedTarget(received, prefix)
  if (typeof target !== 'string') return target
  const isWebSocket = method === 'GET' && protocol.toLowerCase() === 'websocket'
  return isUpgraded(requestInfo(incomingMessageRequest(message, target)), isWebSocket)
    ? protocol
    : badRequest('nothing at this path switches protocols: ask for it without an upgrade')
}

/** @param isWebSocket besides tunnels, WebSockets carry watches and logs. */
function isUpgraded(info: RequestInfo, isWebSocket: boolean): boolean {
  const { apiPrefix, apiVersion, resource, subresource, verb, problem } = info
  if (problem !== undefined) return false
  if (verb === 'watch') return isWebSocket
  if (apiPrefix !== 'api' || apiVersion !== 'v1') return false
  if (resource === 'pods' && subresource === 'log') return isWebSocket
  return TUNNELS.get(resource)?.has(subresource) === true
}
