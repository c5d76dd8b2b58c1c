import { CLIENT_CLOSED_REQUEST } from '../../authenticator/events.ts'
import { memberOf } from '../../internal/objects.ts'
import type { NodeRequest } from './node-request.ts'

/** The members of Node's `http.ServerResponse` and `http2.Http2ServerResponse` that are used. */
export interface NodeResponse {
  readonly statusCode: number
  readonly writableEnded?: boolean
  readonly writableFinished?: boolean
  /** HTTP/1 only: whether its connection is closed. */
  readonly destroyed?: boolean
  once(event: 'finish' | 'close', listener: () => void): unknown
}

/** Whether a value is a response of Node, by its members. Parsed data, which a client may have sent, has no functions. */
export function isNodeResponse(value: unknown): value is NodeResponse {
  return typeof memberOf(value, 'statusCode') === 'number' && typeof memberOf(value, 'once') === 'function'
}

/** Called when a request ends, with its status, or with 499 if the client disconnected before. */
export type EndListener = (status: number) => void

/**
 * The context for decisions about a Node request: a `signal` that is aborted if the client disconnects before the response. The
 * signal is created on first access, and shared by all decisions about the request.
 *
 * @param given further members of the context, such as `attributes` for `authorizeRequest` or `user` for `handleReviews`.
 * @example
 * const outcome = await authenticate(incomingMessageRequest(req), clientContext(req, res))
 */
export function clientContext<T extends object = object>(
  message: NodeRequest,
  response: NodeResponse,
  given?: T,
): T & { readonly signal: AbortSignal } {
  const context = new ClientContext(message, response)
  return Object.assign(context, given)
}

class ClientContext {
  readonly #message: NodeRequest
  readonly #response: NodeResponse

  constructor(message: NodeRequest, response: NodeResponse) {
    this.#message = message
    this.#response = response
  }

  get signal(): AbortSignal {
    return clientOf(this.#message, this.#response).signal
  }
}

/**
 * Returns a function that calls a listener when a request ends: with the status of the response, or with 499 if the client disconnected
 * before. If the request has already ended, the listener is called synchronously.
 */
export function whenOver(message: NodeRequest, response: NodeResponse): (tell: EndListener) => void {
  const client = clientOf(message, response)
  return (tell) => client.whenOver(tell)
}

/**
 * Closes the HTTP/2 connection of a request after the requests in progress on it. Does nothing for HTTP/1.
 *
 * Source: RFC 9113 section 6.8 (GOAWAY); kube-apiserver's `UnauthenticatedHTTP2DOSMitigation`.
 */
export function closeConnection(message: object): void {
  const session = (message as { readonly stream?: { readonly session?: { close?(): void } } }).stream?.session
  session?.close?.()
}

/**
 * The client of one request: whether it still waits for the response.
 *
 * The response alone does not show this. When a connection breaks, Node emits nothing on an HTTP/1 response that is queued behind another
 * one, and emits an event on a request only if its body was not read. So the socket is observed too.
 */
class Client {
  #connection: Connection | undefined
  #status: number | undefined
  #listeners: EndListener[] = []
  #abort: AbortController | undefined

  constructor(message: NodeRequest, response: NodeResponse) {
    if (isAnswered(response)) {
      this.#end(response.statusCode)
      return
    }
    // The client may have disconnected while an earlier middleware was waiting.
    if (isGone(message, response)) {
      this.#end(CLIENT_CLOSED_REQUEST)
      return
    }
    // An HTTP/2 stream also emits `finish` when it is reset.
    response.once('finish', () =>
      this.#end(response.writableEnded === false ? CLIENT_CLOSED_REQUEST : response.statusCode),
    )
    response.once('close', () => this.leave())
    this.#connection = message.httpVersionMajor === 2 ? undefined : connectionOf(message.socket)
    this.#connection?.add(this)
  }

  /** Aborted if the client disconnects before the response. Shared by everything that the request waits for. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#status === CLIENT_CLOSED_REQUEST) this.#abort.abort(clientGone())
    }
    return this.#abort.signal
  }

  /** Calls the listener once, when the request ends, or synchronously if it already has. */
  whenOver(listener: EndListener): void {
    if (this.#status === undefined) this.#listeners.push(listener)
    else listener(this.#status)
  }

  /** The connection closed. */
  leave(): void {
    this.#end(CLIENT_CLOSED_REQUEST)
  }

  #end(status: number): void {
    if (this.#status !== undefined) return
    this.#status = status
    this.#connection?.delete(this)
    this.#connection = undefined
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener(status)
    if (status === CLIENT_CLOSED_REQUEST) this.#abort?.abort(clientGone())
  }
}

const clients = new WeakMap<NodeRequest, Client>()

/** The client of a request: always the same object. It adds listeners only once it is created. */
function clientOf(message: NodeRequest, response: NodeResponse): Client {
  let client = clients.get(message)
  if (client === undefined) {
    client = new Client(message, response)
    clients.set(message, client)
  }
  return client
}

/** The unanswered requests of one HTTP/1 connection. */
type Connection = Set<Client>

const connections = new WeakMap<object, Connection>()

/** Adds one listener per socket, however many requests it carries. */
function connectionOf(socket: unknown): Connection | undefined {
  if (!isSocket(socket)) return undefined
  let connection = connections.get(socket)
  if (connection === undefined) {
    const waiting: Connection = new Set()
    connection = waiting
    connections.set(socket, waiting)
    socket.once('close', () => {
      for (const client of waiting) client.leave()
    })
  }
  return connection
}

interface Socket {
  once(event: 'close', listener: () => void): unknown
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'once' in value && typeof value.once === 'function'
}

function isAnswered({ writableEnded, writableFinished }: NodeResponse): boolean {
  return writableEnded === true && writableFinished === true
}

function isGone(message: NodeRequest, response: NodeResponse): boolean {
  if (message.httpVersionMajor === 2) return isDestroyed(message.stream)
  return response.destroyed === true || isDestroyed(message.socket)
}

function isDestroyed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'destroyed' in value && value.destroyed === true
}

/** Like the error of an aborted `fetch`. */
function clientGone(): DOMException {
  return new DOMException('the client went away', 'AbortError')
}
