import type { Clock } from '@kube-authn/core'
import { closeConnection, StatusError } from '@kube-authn/core/adapter'
import { memberOf } from '@kube-authn/core/internal'
import type { NodeMessage } from './handlers.ts'
import type { NodeResponse } from './write-answer.ts'

export interface RunningRequest {
  /** Whether it ends only when its client or this server wants it to. */
  readonly isLongRunning: boolean
  /** Ends a watch, or what the request waits for. */
  abort(): void
}

/** From the first request to the last. */
export interface Lifecycle {
  /** Whether `close` was not called yet. */
  readonly isReady: boolean
  /** Whether requests are still accepted. */
  readonly isAccepting: boolean
  /** Keeps the HTTP/2 session of a request, to close it when requests are no longer accepted: Node's server does not close idle ones. */
  keep(message: NodeMessage): void
  /** @returns a function to call when it is over. */
  begin(request: RunningRequest): () => void
  /** Asks the client of a response to find another server, if this one shuts down. */
  dismiss(message: NodeMessage, response: NodeResponse): void
  /** Runs the shutdown, once. */
  close(): Promise<void>
}

/** How long a shutdown takes. */
export interface LifecycleOptions {
  readonly delaySeconds: number
  readonly graceSeconds: number
  readonly clock: Clock
}

interface Session {
  close(): void
  once(event: 'close', listener: () => void): unknown
}

/**
 * Shuts down in the order of kube-apiserver: `/readyz` fails; after a delay, in which load balancers notice that, requests are refused; watches end, and what is running may
 * end by itself for some time.
 *
 * Source: apiserver `pkg/server/genericapiserver.go`.
 */
export function lifecycle({ delaySeconds, graceSeconds, clock }: LifecycleOptions): Lifecycle {
  const running = new Set<RunningRequest>()
  const sessions = new Set<Session>()
  let state: 'ready' | 'delaying' | 'ending' = 'ready'
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
    state = 'delaying'
    await after(delaySeconds)
    state = 'ending'
    for (const each of sessions) each.close()
    for (const each of running) if (each.isLongRunning) each.abort()
    await idle()
    for (const each of running) each.abort()
  }

  return {
    get isReady() {
      return state === 'ready'
    },
    get isAccepting() {
      return state !== 'ending'
    },
    keep(message) {
      if (message.httpVersionMajor < 2) return
      const session = memberOf(memberOf(message, 'stream'), 'session')
      if (!isSession(session) || sessions.has(session)) return
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
    },
    begin(request) {
      running.add(request)
      return () => {
        running.delete(request)
        if (running.size === 0) whenIdle?.()
      }
    },
    dismiss(message, response) {
      if (state === 'ready' || response.headersSent) return
      if (message.httpVersionMajor < 2) response.setHeader('connection', 'close')
      else closeConnection(message)
    },
    close: () => (closing ??= close()),
  }
}

function isSession(value: unknown): value is Session {
  return typeof memberOf(value, 'close') === 'function' && typeof memberOf(value, 'once') === 'function'
}

/** The answer to a request while the server shuts down. Source: apiserver `pkg/server/filters/waitgroup.go`. */
export function shuttingDown(): StatusError {
  return new StatusError({
    status: 503,
    reason: 'ServiceUnavailable',
    message: 'apiserver is shutting down',
    headers: { 'retry-after': '1', 'x-content-type-options': 'nosniff' },
  })
}
