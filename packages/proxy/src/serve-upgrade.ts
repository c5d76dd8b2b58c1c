import { randomUUID } from 'node:crypto'
import { Received, type StatusError } from '@kube-authn/core/adapter'
import { CLIENT_CLOSED_REQUEST, isStatusError } from '@kube-authn/core/internal'
import { type AcceptedUpgrade, AnswerHeaders } from '@kube-authn/node/internal'
import type { AdmittedRequest } from './admit.ts'
import { decide, isRefusal } from './decide.ts'
import type { ProxyParts } from './parts.ts'
import { sentTarget } from './serve-request.ts'
import { forwardUpgrade, refuse } from './upgrade/forward-upgrade.ts'
import { upgradeProtocol } from './upgrade/upgrade-protocol.ts'

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
  const outgoing = await decide(
    {
      message,
      target,
      request,
      authentication: decision.authentication,
      userToken: decision.userToken,
      auditId,
      expectsContinue: false,
      upgrade: protocol,
    },
    parts.decide,
  )
  // Of a socket that was closed meanwhile, there is no event.
  if (socket.destroyed) return
  if (isRefusal(outgoing)) refused(outgoing)
  else {
    const exchange = { message, socket, head, protocol, auditId, answered, ends: signal }
    forwardUpgrade(exchange, outgoing, parts.forward)
  }
}
