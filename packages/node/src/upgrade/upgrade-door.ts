import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AuthenticationRequest, Awaitable, Clock, Observer } from '@kube-authn/core'
import {
  applyHeaderChanges,
  incomingMessageRequest,
  notify,
  Received,
  type StatusError,
} from '@kube-authn/core/adapter'
import { CLIENT_CLOSED_REQUEST, defined, notServed, tell } from '@kube-authn/core/internal'
import { untilExpiry } from '@kube-authn/core/connections'
import { isAlone } from '../http/observed-events.ts'
import type { AcceptedRequest, RequestDecision } from './decide-request.ts'

/** The part of a Node server that is used. */
export interface UpgradingServer {
  on(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  off(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  listenerCount?(event: 'upgrade'): number
}

export interface AcceptedUpgrade<D> {
  readonly message: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  /** The request that observers know. */
  readonly request: AuthenticationRequest
  readonly decision: D
  /** Aborted when the credential expires. The connection is closed some seconds later in any case. */
  readonly signal: AbortSignal
  /** The id of the request in audit logs; absent without an audit log among the observers. */
  readonly auditId?: string
  /** Tells observers the status of the response; the first one counts. */
  readonly answered: (status: number) => void
}

export interface UpgradeDoor<D extends RequestDecision> {
  readonly decide: (
    request: AuthenticationRequest,
    message: IncomingMessage,
    context: { readonly signal: AbortSignal },
  ) => Promise<D>
  readonly accept: (upgrade: AcceptedUpgrade<Extract<D, AcceptedRequest>>) => Awaitable<void>
  readonly handles: (message: IncomingMessage) => boolean
  readonly observer: Observer | undefined
  readonly maxConnectionSeconds: number | undefined
  readonly closeTimeoutSeconds: number
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

/**
 * Decides about the upgrades of a server, with the events of any request. A refused one gets a response, and its connection is closed.
 *
 * @returns a function that stops listening.
 */
export function handleUpgrades<D extends RequestDecision>(
  server: UpgradingServer,
  door: UpgradeDoor<D>,
): () => void {
  const { handles, onError } = door
  const listener = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Thrown from here, or not handled, an error would end the process.
    const fail = (error: unknown): void => {
      socket.on('error', ignore)
      socket.destroy()
      tell(onError, error)
    }
    try {
      if (handles(message)) void handleUpgrade(message, socket, head, door).catch(fail)
      else if (isAlone(server)) refuseUnhandled(socket)
    } catch (error) {
      fail(error)
    }
  }
  server.on('upgrade', listener)
  return () => void server.off('upgrade', listener)
}

async function handleUpgrade<D extends RequestDecision>(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  door: UpgradeDoor<D>,
): Promise<void> {
  const { observer, clock, maxConnectionSeconds, closeTimeoutSeconds } = door
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  // Without a listener, a broken connection would end the process.
  socket.on('error', ignore)
  const request = incomingMessageRequest(message)
  const headers = new AnswerHeaders()
  const answered = once((status: number) => notify(observer, { type: 'response', request, status }))
  if (observer !== undefined) notify(observer, new Received(request, headers))

  const stopWatching = whenClientLeaves(socket, () => socket.destroy())
  const decision = await door.decide(request, message, closed)
  const decided: RequestDecision = decision
  stopWatching()
  applyHeaderChanges(message, decided.headerChanges)
  if (closed.signal.aborted || socket.destroyed) {
    answered(CLIENT_CLOSED_REQUEST)
    return
  }
  const destroyLater = (): void => {
    const cancel = clock.after(closeTimeoutSeconds * 1000, () => socket.destroy())
    socket.once('close', cancel)
  }
  if ('failure' in decided) {
    const { failure } = decided
    answered(failure.status)
    // A client may never read the answer.
    destroyLater()
    refuseUpgrade(socket, failure, headers)
    return
  }
  const signal = untilExpiry(decided.authentication, {
    signal: closed.signal,
    clock,
    ...defined({ maxConnectionSeconds }),
  })
  if (signal.aborted) destroyLater()
  else signal.addEventListener('abort', destroyLater, { once: true, signal: closed.signal })
  if (!isAccepted(decision)) return
  const auditId = headers.get('audit-id')
  await door.accept({
    message,
    socket,
    head,
    request,
    decision,
    signal,
    answered,
    ...defined({ auditId }),
  })
}

function isAccepted<D extends RequestDecision>(decision: D): decision is Extract<D, AcceptedRequest> {
  return 'authentication' in decision
}

/** Otherwise the client would wait for an answer, and its connection would stay. */
function refuseUnhandled(socket: Duplex): void {
  socket.on('error', ignore)
  refuseUpgrade(socket, notServed(), new AnswerHeaders())
}

function once(answer: (status: number) => void): (status: number) => void {
  let isTold = false
  return (status) => {
    if (isTold) return
    isTold = true
    answer(status)
  }
}

function ignore(): void {}

/** The headers of a response without an object of Node: an upgrade has none. */
export class AnswerHeaders {
  readonly #values = new Map<string, string>()

  hasHeader(name: string): boolean {
    return this.#values.has(name.toLowerCase())
  }

  setHeader(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value)
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())
  }

  entries(): Iterable<readonly [name: string, value: string]> {
    return this.#values
  }
}

/** Writes a response instead of switching protocols, and closes the connection. */
export function refuseUpgrade(socket: Duplex, failure: StatusError, further: AnswerHeaders): void {
  const { status, headers, content } = failure
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...[...further.entries(), ...Object.entries(headers)].flatMap(([name, value]) =>
      [value].flat().map((each) => `${name}: ${safe(each)}`),
    ),
    `content-length: ${Buffer.byteLength(content)}`,
    'connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${content}`)
}

/** Node checks the headers of its responses; these are written without it. */
function safe(value: string): string {
  return value.replaceAll(/[^\t\x20-\x7e]/g, ' ')
}

/**
 * Calls the listener if the client closes its connection before it sends anything. After the event `upgrade` Node does not read a socket, and does not
 * notice this otherwise. What the client sends stays in the buffer of the socket.
 *
 * @returns a function that stops reading.
 */
export function whenClientLeaves(socket: Duplex, listener: () => void): () => void {
  // At the end of a stream without data, `read` has the event `end` emitted.
  const onReadable = (): void => {
    if (socket.readableLength === 0) socket.read()
  }
  socket.on('readable', onReadable)
  socket.once('end', listener)
  return () => {
    socket.off('readable', onReadable)
    socket.off('end', listener)
  }
}
