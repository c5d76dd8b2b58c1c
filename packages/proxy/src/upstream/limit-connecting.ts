import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '@kube-authn/core'
import { UpstreamTimeoutError } from '../failures.ts'

/** So that a peer that is gone without a word is noticed. */
const PROBE_MS = 30_000

/** Ends a request whose connection, with its TLS, is not there in time. */
export function limitConnecting(request: ClientRequest, seconds: number, clock: Clock): void {
  // Told as soon as the agent had a connection to use again.
  if (request.reusedSocket) return
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket) return
    socket.setKeepAlive(true, PROBE_MS)
    const cancel = clock.after(seconds * 1000, () =>
      request.destroy(new UpstreamTimeoutError(`no connection within ${seconds} seconds`)),
    )
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', cancel)
    socket.once('close', cancel)
  })
}
