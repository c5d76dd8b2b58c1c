import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import type { Duplex } from 'node:stream'

/** Events that Node treats otherwise as soon as there is a listener: without one, it answers such a request as any other. */
type HandledEvent = 'checkContinue' | 'upgrade'

/** The servers whose upgrades are observed now. */
const observed = new WeakSet<object>()

/** Calls a listener before those that handle an event, with their arguments: the second is a response or a socket. It listens only while there are such. */
export function observeHandled(
  server: Server,
  event: HandledEvent,
  listener: (message: IncomingMessage, given: ServerResponse & Duplex) => void,
): void {
  let isListening = false
  const begin = (): void => {
    isListening = true
    if (event === 'upgrade') observed.add(server)
    server.prependListener(event, listener)
  }
  if (server.listenerCount(event) > 0) begin()
  server.on('newListener', (added) => {
    if (added === event && !isListening) begin()
  })
  server.on('removeListener', (removed) => {
    if (removed !== event || !isListening || server.listenerCount(event) > 1) return
    isListening = false
    if (event === 'upgrade') observed.delete(server)
    server.off(event, listener)
  })
}

/** Whether a listener of upgrades is the only one that could answer them. */
export function isAlone(server: { listenerCount?(event: 'upgrade'): number }): boolean {
  return server.listenerCount?.('upgrade') === (observed.has(server) ? 2 : 1)
}
