import { randomUUID } from 'node:crypto'
import type { Authentication, AuthenticationRequest } from '@kube-authn/core'
import {
  clientContext,
  incomingMessageRequest,
  Received,
  type StatusError,
  whenOver,
} from '@kube-authn/core/adapter'
import { isPromiseLike, memberOf } from '@kube-authn/core/internal'
import { decide, isRefusal, type Outgoing } from './decide.ts'
import { answer } from './forward/answers.ts'
import { forwardRequest } from './forward/forward-request.ts'
import type { NodeMessage, NodeResponse } from './node-types.ts'
import type { ProxyParts } from './parts.ts'

/** A request as a framework hands it over. */
export interface ServedRequest {
  readonly message: NodeMessage
  readonly response: NodeResponse
  /** The request that the middlewares decided about, if they are known. */
  readonly known: AuthenticationRequest | undefined
  readonly authentication: Authentication
}

/** Serves a request. @param over called once the response is over. */
export function serveRequest(
  { message, response, known, authentication }: ServedRequest,
  parts: ProxyParts,
  over: () => void,
): void {
  const ends = parts.untilEnd(authentication, (listener) => whenOver(message, response)(listener))
  const target = sentTarget(message)
  const request = known ?? incomingMessageRequest(message, target)
  const proceed = (outgoing: Outgoing | StatusError): void => {
    if (!isRefusal(outgoing)) {
      forwardRequest({ message, response, ends }, outgoing, parts.forward, over)
      return
    }
    if (outgoing.cause !== undefined && outgoing.status >= 500) parts.forward.failed(request, outgoing)
    answer(outgoing, message, response)
    over()
  }
  const decided = decide(
    {
      message,
      target,
      request,
      authentication,
      // Of the audit log, if there is one, and told to the client.
      auditId: new Received(request, response).auditId(randomUUID),
      expectsContinue: awaitsContinue(message),
      clientSignal: () => clientContext(message, response).signal,
      upgrade: undefined,
    },
    parts.decide,
  )
  if (isPromiseLike(decided)) void decided.then(proceed)
  else proceed(decided)
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
