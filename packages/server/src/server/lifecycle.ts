import type { Clock } from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'

/** A request that is running. */
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
  /** @returns a function to call when it is over. */
  begin(request: RunningRequest): () => void
  /** Runs the shutdown, once. */
  close(): Promise<void>
}

/** How long a shutdown takes. */
export interface LifecycleOptions {
  readonly delaySeconds: number
  readonly graceSeconds: number
  readonly clock: Clock
  /** Called when requests are no longer accepted. */
  readonly onEnding: () => void
}

/**
 * Shuts down in the order of kube-apiserver: `/readyz` fails; after a delay, in which load balancers notice that, requests are refused; watches end, and what is running may
 * end by itself for some time.
 *
 * Source: apiserver `pkg/server/genericapiserver.go`.
 */
export function lifecycle({ delaySeconds, graceSeconds, clock, onEnding }: LifecycleOptions): Lifecycle {
  const running = new Set<RunningRequest>()
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
    onEnding()
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
    begin(request) {
      running.add(request)
      return () => {
        running.delete(request)
        if (running.size === 0) whenIdle?.()
      }
    },
    close: () => (closing ??= close()),
  }
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
