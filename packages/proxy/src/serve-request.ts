import type { AuthenticationRequest, Awaitable, Observer } from '@kube-authn/core'
import {
  type HttpAnswer,
  type StatusError,
  applyHeaderChanges,
  clientContext,
  closeConnection,
  incomingMessageRequest,
  Received,
  warningHeaders,
  whenOver,
} from '@kube-authn/core/adapter'
import type { Admit } from './admit.ts'
import type { UntilEnd } from './connection-ends.ts'
import { type DecideParts, decide, isRefusal } from './decide.ts'
import { refusal } from './failures.ts'
import { type ForwardParts, forwardRequest } from './forward/forward-request.ts'
import { randomUUID } from 'node:crypto'
import { memberOf } from '@kube-authn/core/internal'
import { answer } from './forward/send-response.ts'
import type { NodeMessage, NodeResponse } from './node-types.ts'

export interface ProxyParts {
  readonly admit: Admit
  /** The response to a request that was refused. It never rejects. */
  readonly refusal: (failure: StatusError, request: AuthenticationRequest) => Awaitable<HttpAnswer>
  readonly decide: DecideParts
  readonly forward: ForwardParts
  /** Receives the events of requests and upgrades; each has its audit id afterwards. */
  readonly observer: Observer
  readonly untilEnd: UntilEnd
}

/** A request as a framework hands it over. */
export interface ServedRequest {
  readonly message: NodeMessage
  readonly response: NodeResponse
  /** What has the address of the client in `ip`, if the framework knows it. */
  readonly shown: object
  /** Whether a middleware of these packages has decided about it, and so has taken its credential away. */
  readonly isDecided: boolean
}

/** Serves a request. Resolves once the response is over. */
export async function serveRequest(served: ServedRequest, parts: ProxyParts): Promise<void> {
  const { message, response, shown } = served
  const { observer } = parts
  const target = sentTarget(message)
  const request = incomingMessageRequest(message, target, undefined, shown)
  const received = new Received(request, response)
  const onceOver = whenOver(message, response)
  observer(received)
  onceOver((status) => observer({ type: 'response', request, status }))
  if (served.isDecided) {
    const why = 'the proxy authenticates requests itself: mount it before authentication(...)'
    const failure = refusal(500, 'InternalError', why)
    parts.forward.failed(request, failure)
    answer(failure, message, response)
    return
  }
  const context = clientContext(message, response)
  const admission = await parts.admit(request, message, context)
  if (admission.closesConnection) closeConnection(message)
  applyHeaderChanges(message, admission.headerChanges)
  if ('failure' in admission) {
    answer(await parts.refusal(admission.failure, request), message, response)
    return
  }
  const { authentication, userToken } = admission
  for (const value of warningHeaders(admission.warnings)) response.appendHeader('Warning', value)
  const ends = parts.untilEnd(authentication, onceOver)
  const auditId = received.auditId(randomUUID)
  const expectsContinue = awaitsContinue(message)
  const incoming = { message, target, request, authentication, userToken, auditId, expectsContinue }
  const outgoing = await decide({ ...incoming, upgrade: undefined }, parts.decide)
  if (isRefusal(outgoing)) {
    if (outgoing.cause !== undefined && outgoing.status >= 500) parts.forward.failed(request, outgoing)
    answer(outgoing, message, response)
    return
  }
  await new Promise<void>((over) =>
    forwardRequest({ message, response, ends }, outgoing, parts.forward, over),
  )
}

/** The target that the client sent: Express changes `url` below a mount point and keeps it. */
export function sentTarget(message: NodeMessage): string {
  const target = memberOf(message, 'originalUrl')
  return typeof target === 'string' ? target : (message.url ?? '')
}

/** Whether the client waits for `100 Continue`: without a listener, Node has told it to go on. */
function awaitsContinue(message: NodeMessage): boolean {
  if (message.headers.expect?.toLowerCase() !== '100-continue') return false
  const server = memberOf(message.socket, 'server')
  const count = memberOf(server, 'listenerCount')
  return typeof count === 'function' && Number(Reflect.apply(count, server, ['checkContinue'])) > 0
}
