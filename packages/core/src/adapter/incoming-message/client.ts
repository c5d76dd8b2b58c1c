import { CLIENT_CLOSED_REQUEST } from '../../authenticator/events.ts'
import type { NodeRequest } from './node-request.ts'

/** What of Node's `http.ServerResponse` and `http2.Http2ServerResponse` is used. */
export interface NodeResponse {
  readonly statusCode: number
  readonly writableEnded?: boolean
  readonly writableFinished?: boolean
  /** HTTP/1 only: whether its connection is gone. */
  readonly destroyed?: boolean
  once(event: 'finish' | 'close', listener: () => void): unknown
}

/** Told of how a request ended: with this status, or with 499 where its client went away before. */
export type EndListener = (status: number) => void

/**
 * The client of one request: whether it still waits for the answer.
 *
 * The response alone cannot tell. Node emits nothing on a response of HTTP/1 that is queued behind another one when their connection
 * breaks, and on a request only as long as its body was not read. So the socket is listened to as well.
 */
export class Client {
  #connection: Connection | undefined
  #status: number | undefined
  #listeners: EndListener[] = []
  #abort: AbortController | undefined

  constructor(message: NodeRequest, response: NodeResponse) {
    if (isAnswered(response)) {
      this.#end(response.statusCode)
      return
    }
    // A middleware before this one may have waited for longer than the client did.
    if (isGone(message, response)) {
      this.#end(CLIENT_CLOSED_REQUEST)
      return
    }
    // A stream of HTTP/2 that is reset emits `finish` too.
    response.once('finish', () =>
      this.#end(response.writableEnded === false ? CLIENT_CLOSED_REQUEST : response.statusCode),
    )
    response.once('close', () => this.leave())
    this.#connection = message.httpVersionMajor === 2 ? undefined : connectionOf(message.socket)
    this.#connection?.add(this)
  }

  /** Aborted when the client goes away before it was answered. The same for everything that a request has to wait for. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#status === CLIENT_CLOSED_REQUEST) this.#abort.abort(clientGone())
    }
    return this.#abort.signal
  }

  /** Tells once how the request ended: at once when it is over already. */
  whenOver(listener: EndListener): void {
    if (this.#status === undefined) this.#listeners.push(listener)
    else listener(this.#status)
  }

  /** The connection is gone. */
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

/** The client of a request: one for all that ask, and nothing is listened to before the first of them does. */
export function clientOf(message: NodeRequest, response: NodeResponse): Client {
  let client = clients.get(message)
  if (client === undefined) {
    client = new Client(message, response)
    clients.set(message, client)
  }
  return client
}

/** The requests of one connection of HTTP/1 that are not answered yet. */
type Connection = Set<Client>

const connections = new WeakMap<object, Connection>()

/** One listener for a socket, however many requests it carries, at the same time or after each other. */
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

/** As `fetch` reports what was given up. */
function clientGone(): DOMException {
  return new DOMException('the client went away', 'AbortError')
}
