import { randomUUID } from 'node:crypto'
import type { Authentication, AuthenticationRequest } from '@kube-authn/core'
import { clientContext, incomingMessageRequest, Received, whenOver } from '@kube-authn/core/adapter'
import { isStatusError, memberOf } from '@kube-authn/core/internal'
import { decide } from './decide.ts'
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

/** Serves a request. Resolves once the response is over; it never rejects. */
export async function serveRequest(
  { message, response, known, authentication }: ServedRequest,
  parts: ProxyParts,
): Promise<void> {
  const ends = parts.untilEnd(authentication, (listener) => whenOver(message, response)(listener))
  const target = sentTarget(message)
  const request = known ?? incomingMessageRequest(message, target)
  const outgoing = await decide(
    {
      message,
      target,
      request,
      authentication,
      // Of the audit log, if there is one, and told to the client.
      auditId: new Received(request, response).auditId(randomUUID),
      expectsContinue: awaitsContinue(message),
      client: clientContext(message, response),
    },
    parts.decide,
  )
  if (!isStatusError(outgoing)) {
    await forwardRequest({ message, response, ends }, outgoing, parts.forward)
    return
  }
  if (outgoing.cause !== undefined && outgoing.status >= 500) parts.forward.failed(request, outgoing)
  answer(outgoing, message, response)
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
