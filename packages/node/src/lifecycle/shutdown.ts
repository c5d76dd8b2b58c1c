import type { Clock } from '@kube-authn/core'
import { closeConnection, StatusError } from '@kube-authn/core/adapter'
import { memberOf } from '@kube-authn/core/internal'

export interface RunningRequest {
  /** Whether it ends only when its client or this server wants it to. */
  readonly isLongRunning: boolean
  /** Ends a watch, or what the request waits for. */
  abort(): void
}

/** What is used of a request of `node:http`, `node:https` or `node:http2`. */
export interface ServedMessage {
  readonly httpVersionMajor: number
  readonly socket: object
}

/** What is used of a response of `node:http`, `node:https` or `node:http2`. */
export interface ServedResponse {
  readonly headersSent: boolean
  setHeader(name: string, value: string): unknown
}

/** From the first request to the last. */
export interface Shutdown {
  /** Whether `close` was not called yet. */
  readonly isReady: boolean
  /**
   * Whether a request is answered, and not refused. Once the server is closing, that is one on a connection with an answer that has not quite ended: its client could not
   * know that it needs another connection, since that answer had begun before.
   */
  readonly accepts: (message: ServedMessage) => boolean
  /** Aborted once requests are no longer accepted. */
  readonly closing: AbortSignal
  /** @returns a function to call when it is over. */
  begin(message: ServedMessage, request: RunningRequest): () => void
  /** Asks the client of a response to find another server, if this one shuts down. */
  dismiss(message: ServedMessage, response: ServedResponse): void
  /** Runs the shutdown, once. */
  close(): Promise<void>
}

/** How long a shutdown takes. */
export interface ShutdownTimes {
  readonly delaySeconds: number
  readonly graceSeconds: number
  readonly clock: Clock
}

/**
 * Shuts down in the order of kube-apiserver: `/readyz` fails; after a delay, in which load balancers notice that, requests are refused; watches end, and what is running may
 * end by itself for some time.
 *
 * Source: apiserver `pkg/server/genericapiserver.go`.
 */
export function shutdown({ delaySeconds, graceSeconds, clock }: ShutdownTimes): Shutdown {
  const running = new Set<RunningRequest>()
  const connections = keptConnections()
  const ending = new AbortController()
  let isReady = true
  let whenIdle: (() => void) | undefined
  let closing: Promise<void> | undefined

  const after = (seconds: number): Promise<void> =>
    seconds === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          clock.after(seconds * 1000, resolve)
        })

  const idle = (): Promise<void> =>
    running.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          const cancel = clock.after(graceSeconds * 1000, resolve)
          whenIdle = () => {
            cancel()
            resolve()
          }
        })

  const close = async (): Promise<void> => {
    isReady = false
    await after(delaySeconds)
    ending.abort()
    connections.close()
    for (const each of running) if (each.isLongRunning) each.abort()
    await idle()
    for (const each of running) each.abort()
  }

  return {
    get isReady() {
      return isReady
    },
    accepts: (message) => !ending.signal.aborted || connections.isUsed(message),
    closing: ending.signal,
    begin(message, request) {
      running.add(request)
      if (ending.signal.aborted && request.isLongRunning) request.abort()
      const release = connections.use(message)
      return () => {
        running.delete(request)
        release()
        if (running.size === 0) whenIdle?.()
      }
    },
    dismiss(message, response) {
      if (isReady || response.headersSent) return
      if (message.httpVersionMajor < 2) response.setHeader('connection', 'close')
      else closeConnection(message)
    },
    close: () => (closing ??= close()),
  }
}

interface Connection {
  /** Of HTTP/2: it ends after the requests that are running. */
  close?(): void
  /** Of HTTP/1. */
  destroySoon?(): void
  once(event: 'close', listener: () => void): unknown
}

/**
 * Connections that had requests, so that their clients ask another server when this one closes.
 *
 * Node closes no idle sessions of HTTP/2, and its `closeIdleConnections` takes a connection for idle whose response has ended and is still being sent (seen with Node.js 20.20.2).
 */
function keptConnections() {
  const uses = new Map<Connection, number>()
  let isClosing = false
  return {
    /** @returns a function to call when the request is over. */
    use(message: ServedMessage): () => void {
      const connection = connectionOf(message)
      if (connection === undefined) return () => {}
      if (!uses.has(connection)) connection.once('close', () => uses.delete(connection))
      uses.set(connection, (uses.get(connection) ?? 0) + 1)
      return () => {
        const count = uses.get(connection)
        if (count === undefined) return
        uses.set(connection, count - 1)
        if (isClosing && count === 1) connection.destroySoon?.()
      }
    },
    /** Whether a request on the same connection is not over. */
    isUsed(message: ServedMessage): boolean {
      const connection = connectionOf(message)
      return connection !== undefined && (uses.get(connection) ?? 0) > 0
    },
    close(): void {
      isClosing = true
      for (const [connection, count] of uses) {
        if (connection.destroySoon === undefined) connection.close?.()
        else if (count === 0) connection.destroySoon()
      }
    },
  }
}

function connectionOf(message: ServedMessage): Connection | undefined {
  const connection =
    message.httpVersionMajor < 2 ? message.socket : memberOf(memberOf(message, 'stream'), 'session')
  return isConnection(connection) ? connection : undefined
}

function isConnection(value: unknown): value is Connection {
  return typeof memberOf(value, 'once') === 'function'
}

/** The answer to a request while a server shuts down. Source: apiserver `pkg/server/filters/waitgroup.go`. @param what the server, as its clients know it. */
export function shuttingDown(what: string): StatusError {
  return new StatusError({
    status: 503,
    reason: 'ServiceUnavailable',
    message: `${what} is shutting down`,
    headers: { 'retry-after': '1', 'x-content-type-options': 'nosniff' },
  })
}
