import { randomUUID } from 'node:crypto'
import { type IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { incomingMessageRequest, Received, type StatusError } from '@kube-authn/core/adapter'
import { type RequestInfo, requestInfo } from '@kube-authn/core/authorization'
import { badRequest, CLIENT_CLOSED_REQUEST, isStatusError } from '@kube-authn/core/internal'
import {
  type AcceptedUpgrade,
  AnswerHeaders,
  refuseUpgrade,
  shuttingDown,
  whenClientLeaves,
} from '@kube-authn/node/internal'
import type { AdmittedRequest } from '../admit.ts'
import { bodyOf, hasContent } from '../body.ts'
import { decide, isRefusal, logged, type Outgoing } from '../decide.ts'
import { badGateway, failureOf } from '../failures.ts'
import type { ForwardParts } from '../forward/forward-request.ts'
import { sendResponse } from '../forward/send-response.ts'
import { pairsOf, valuesOf } from '../headers/hop-by-hop.ts'
import { type PassedHeaders, responseHeaders } from '../headers/response-headers.ts'
import { type ProxyParts, sentTarget } from '../serve-request.ts'
import { forwardedTarget } from '../target.ts'
import { limitWaiting } from '../upstream/upstream.ts'

/** Serves an upgrade that was admitted. Resolves once it is forwarded or refused; it never rejects. */
export async function serveUpgrade(
  { message, socket, head, request, decision, signal, ...upgrade }: AcceptedUpgrade<AdmittedRequest>,
  parts: ProxyParts,
): Promise<void> {
  const target = sentTarget(message)
  // That of the events, and of every response.
  const auditId = new Received(request, new AnswerHeaders()).auditId(randomUUID)
  let status: number = CLIENT_CLOSED_REQUEST
  socket.once('close', () => upgrade.answered(status))
  const answered = (sent: number): void => void (status = sent)

  const refused = (failure: StatusError): void => {
    if (failure.cause !== undefined && failure.status >= 500) parts.forward.failed(request, failure)
    answered(failure.status)
    refuse(socket, failure, auditId)
  }
  const protocol = upgradeProtocol(message, target, parts.decide.prefix)
  if (isStatusError(protocol)) {
    refused(protocol)
    return
  }
  const { authentication, userToken } = decision
  const incoming = { message, target, request, authentication, userToken, auditId, upgrade: protocol }
  const outgoing = await decide({ ...incoming, expectsContinue: false }, parts.decide)
  // Of a socket that was closed meanwhile, there is no event.
  if (socket.destroyed) return
  if (isRefusal(outgoing)) refused(outgoing)
  else {
    const exchange = { message, socket, head, protocol, auditId, answered, ends: signal }
    forwardUpgrade(exchange, outgoing, parts.forward)
  }
}

/** Its `head` is what the client sent after the request; that reaches the upstream only once it switched. */
interface UpgradeExchange extends Pick<AcceptedUpgrade<AdmittedRequest>, 'head' | 'message' | 'socket'> {
  readonly protocol: string
  readonly auditId: string
  /** Told the status of the response. */
  readonly answered: (status: number) => void
  /** Aborted when the credential ends. */
  readonly ends: AbortSignal
}

/** Forwards an upgrade. If the upstream refuses it, the client gets its response, and its connection is closed; any other response that switches nothing is a 502. */
function forwardUpgrade(exchange: UpgradeExchange, outgoing: Outgoing, parts: ForwardParts): void {
  const { socket, ends } = exchange
  const refuseWith = (failure: StatusError): void => {
    exchange.answered(failure.status)
    refuse(socket, failure, exchange.auditId)
  }
  const fail = (failure: StatusError): void => {
    parts.failed(logged(outgoing), failure)
    refuseWith(failure)
  }
  const request = parts.upstream.open(outgoing, true)
  if (isStatusError(request)) {
    fail(request)
    return
  }
  const stopWaiting = limitWaiting(request, parts.responseTimeoutSeconds, parts.clock)
  for (const event of ['response', 'upgrade', 'close']) request.once(event, stopWaiting)
  const leave = (): void => void request.destroy()
  const expire = (): void => {
    request.destroy()
    socket.destroy()
  }
  socket.once('close', leave)
  ends.addEventListener('abort', expire, { once: true })
  socket.once('close', () => ends.removeEventListener('abort', expire))

  const stopWatching = whenClientLeaves(socket, () => socket.destroy())
  let end = (): void => {
    if (!socket.writableEnded) refuseWith(shuttingDown('the server'))
    leave()
  }

  request.on('error', (error) => {
    stopWatching()
    if (!socket.destroyed && !socket.writableEnded) fail(failureOf(error))
  })
  request.once('response', (response) => {
    stopWatching()
    end = () => {}
    const { statusCode = 0 } = response
    if (statusCode < 400) {
      request.destroy()
      // Whatever the app decides about requests, it would be another way to what they ask for.
      fail(badGateway(new Error(`the upstream answered an upgrade with ${statusCode}`)))
      return
    }
    const failure = relay(response, exchange, outgoing, parts)
    if (failure !== undefined) parts.failed(logged(outgoing), failure)
  })
  request.once('upgrade', (response, upstreamSocket, upstreamHead) => {
    stopWatching()
    const head = switchedHead(response, exchange.protocol, exchange.auditId, parts.passed)
    if (head === undefined) {
      upstreamSocket.destroy()
      fail(badGateway(new Error('the upstream switched to another protocol')))
      return
    }
    exchange.answered(SWITCHING_PROTOCOLS)
    end = () => endBoth(socket, upstreamSocket)
    connect(exchange, upstreamSocket, head, upstreamHead)
  })
  if (ends.aborted) expire()
  else if (socket.destroyed) leave()
  else {
    request.end()
    const forget = parts.whenClosing(() => end())
    socket.once('close', forget)
  }
}

/** What was passed on before still arrives. */
function endBoth(one: Duplex, other: Duplex): void {
  for (const each of [one, other]) {
    each.unpipe()
    each.resume()
    each.end()
  }
}

function connect({ socket, head }: UpgradeExchange, upstream: Duplex, switched: string, first: Buffer): void {
  for (const each of [socket, upstream]) {
    // Of a server with TLS they are not.
    each.allowHalfOpen = true
    if (!(each instanceof Socket)) continue
    each.setTimeout(0)
    each.setNoDelay(true)
    each.setKeepAlive(true, 30_000)
  }
  socket.write(switched, 'latin1')
  if (first.length > 0) socket.write(first)
  if (head.length > 0) upstream.write(head)
  join(socket, upstream)
  join(upstream, socket)
}

/** Sends a refusal of the upstream. The connection is closed after it: what the client sent further must not be read as a request. */
function relay(
  from: IncomingMessage,
  { message, socket, auditId, answered }: UpgradeExchange,
  outgoing: Outgoing,
  parts: ForwardParts,
): StatusError | undefined {
  const response = new ServerResponse(message)
  response.shouldKeepAlive = false
  response.setHeader(AUDIT_ID, auditId)
  if (!(socket instanceof Socket)) {
    socket.destroy()
    return undefined
  }
  response.assignSocket(socket)
  // Node listens to neither after the event `upgrade`: a long response would stop, and a client that leaves would not be noticed.
  socket.on('drain', () => response.emit('drain'))
  socket.once('end', () => socket.destroy())
  socket.resume()
  response.once('finish', () => socket.end())
  response.once('finish', () => socket.once('finish', () => socket.destroy()))
  const onBroken = (): void => void socket.destroy()
  const failure = sendResponse(from, { message, response }, outgoing, parts, () => {}, onBroken)
  answered(response.statusCode)
  return failure
}

/** Answers an upgrade that is not forwarded, and closes its connection. */
function refuse(socket: Duplex, failure: StatusError, auditId: string): void {
  if (socket.destroyed || socket.writableEnded) {
    socket.destroy()
    return
  }
  const headers = new AnswerHeaders()
  headers.setHeader(AUDIT_ID, auditId)
  refuseUpgrade(socket, failure, headers)
}

const AUDIT_ID = 'Audit-ID'
const SWITCHING_PROTOCOLS = 101

/**
 * Connects one direction of two connections, at the pace of the slower one. An end of it is passed on, and leaves the other direction open; a broken
 * connection breaks the other.
 */
function join(from: Duplex, to: Duplex): void {
  from.on('error', () => to.destroy())
  from.once('close', () => {
    // After its end, the rest is still being written.
    if (!from.readableEnded) to.destroy()
  })
  from.pipe(to)
}

/**
 * The head of the response that switches protocols; `undefined` if the upstream switched to another one, or its headers cannot be passed on.
 *
 * @param auditId that of the request.
 */
function switchedHead(
  from: IncomingMessage,
  protocol: string,
  auditId: string,
  passed: PassedHeaders,
): string | undefined {
  const { statusCode, headers } = from
  if (statusCode !== 101 || headers.upgrade?.toLowerCase() !== protocol.toLowerCase()) return undefined
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${headers.upgrade}`]
  try {
    for (const [name, value] of pairsOf(responseHeaders(from, passed))) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
      lines.push(`${name}: ${value}`)
    }
  } catch {
    return undefined
  }
  return `${[...lines, `Audit-ID: ${auditId}`].join('\r\n')}\r\n\r\n`
}

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
