import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Connections whose last response was for the last request. */
const inStep = new WeakSet<Socket>()

/**
 * Whether a response may be for the request that it seems to answer. HTTP/1.1 pairs them by their order alone, so an upstream that answers once more while the next request is under way would
 * have each user get the answer for another. API servers send the `Audit-ID` of the request back, also before those that a pod may have sent.
 *
 * A connection is used again only after a response with the right `Audit-ID`; so a response without one is for its request only if it is the first.
 */
export function isOwnAnswer(request: ClientRequest, response: IncomingMessage, auditId: string): boolean {
  const sent = auditIdsOf(response)
  const { socket } = response
  if (sent.includes(auditId)) {
    inStep.add(socket)
    return true
  }
  inStep.delete(socket)
  return sent.length === 0 && !request.reusedSocket
}

function auditIdsOf({ rawHeaders }: IncomingMessage): readonly string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'audit-id',
  )
}

/** Has an agent keep a connection only after a response of {@link isOwnAnswer}, and until anything else arrives on it. */
export function keepingOwnAnswers<A extends Agent>(agent: A): A {
  const keep = agent.keepSocketAlive.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  return Object.assign(agent, {
    keepSocketAlive(socket: Socket): boolean {
      if (!inStep.has(socket) || socket.readableLength > 0) return false
      // By its types it returns nothing.
      const isKept: unknown = Reflect.apply(keep, agent, [socket])
      if (isKept === false) return false
      socket.on('data', destroyThis)
      return true
    },
    reuseSocket(socket: Socket, request: ClientRequest): void {
      socket.off('data', destroyThis)
      inStep.delete(socket)
      reuse(socket, request)
    },
  })
}

function destroyThis(this: Socket): void {
  this.destroy()
}
