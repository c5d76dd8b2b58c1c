import { randomUUID } from 'node:crypto'
import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { isStatusError } from '@kube-authn/core/internal'
import type { AuthenticatedUpgrade } from '@kube-authn/node'
import { decide, isRefusal } from './decide.ts'
import type { ProxyParts } from './parts.ts'
import { sentTarget } from './serve-request.ts'
import { forwardUpgrade, refuse } from './upgrade/forward-upgrade.ts'
import { upgradeProtocol } from './upgrade/upgrade-protocol.ts'

/** Serves an upgrade. Resolves once it is forwarded or refused; it never rejects. */
export async function serveUpgrade(upgrade: AuthenticatedUpgrade, parts: ProxyParts): Promise<void> {
  const { request: message, socket, head, authentication } = upgrade
  const { signal, auditId = randomUUID() } = upgrade
  const protocol = upgradeProtocol(message)
  if (isStatusError(protocol)) {
    refuse(socket, protocol)
    return
  }
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  const target = sentTarget(message)
  const request = incomingMessageRequest(message, target)
  const outgoing = await decide(
    {
      message,
      target,
      request,
      authentication,
      auditId,
      expectsContinue: false,
      clientSignal: () => closed.signal,
      upgrade: protocol,
    },
    parts.decide,
  )
  if (isRefusal(outgoing)) {
    if (outgoing.cause !== undefined && outgoing.status >= 500) parts.forward.failed(request, outgoing)
    refuse(socket, outgoing)
    return
  }
  // Of a socket that was closed meanwhile, there is no event.
  if (socket.destroyed) return
  const ends = parts.untilEnd(authentication, (listener) => socket.once('close', listener))
  forwardUpgrade(
    {
      message,
      socket,
      head,
      protocol,
      auditId,
      ends: ends === undefined ? signal : AbortSignal.any([signal, ends]),
    },
    outgoing,
    parts.forward,
  )
}
