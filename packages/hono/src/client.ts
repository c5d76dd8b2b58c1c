import type { NodeResponse } from '@kube-authn/core/incoming-message'
import type { Context } from 'hono'
import { CLIENT_CLOSED_REQUEST, clientContext, whenOver } from '@kube-authn/core/adapter'
import { nodeRequestOf } from './node-server.ts'

/**
 * What goes with a question about the request of a context: a `signal` that is aborted when the client goes away before the answer, where
 * the runtime says so. It is read when it is asked for: on `@hono/node-server` the reading alone makes a whole Fetch request.
 *
 * @param given what else goes with the question.
 */
export function clientOf<T extends object = object>(
  c: Context,
  given?: T,
): T & { readonly signal: AbortSignal } {
  const incoming = nodeRequestOf(c)
  const outgoing = nodeResponseOf(c)
  if (incoming !== undefined && outgoing !== undefined) return clientContext(incoming, outgoing, given)
  return Object.assign(new FetchClient(c), given)
}

class FetchClient {
  readonly #c: Context

  constructor(c: Context) {
    this.#c = c
  }

  get signal(): AbortSignal {
    return this.#c.req.raw.signal
  }
}

/** How an answer ended: what was sent, as far as it is known here, or 499. */
export interface Ending {
  /** The app answered with this, and it is still to be sent. */
  answered(status: number): void
  /** Says who is told, once, when it is known how it ended. */
  tell(listener: (status: number) => void): void
}

/**
 * Waits until a request was answered, or its client went away before it was. Node tells what was really sent. Elsewhere the answer of the
 * app is all that is known of it, unless the client has gone before.
 */
export function endingOf(c: Context): Ending {
  const incoming = nodeRequestOf(c)
  const outgoing = nodeResponseOf(c)
  if (incoming === undefined || outgoing === undefined) return fetchEnding(c.req.raw.signal)
  return { answered: () => {}, tell: whenOver(incoming, outgoing) }
}

/** @param signal not every runtime has one. */
function fetchEnding(signal: AbortSignal | undefined): Ending {
  let status: number | undefined
  let waiting: ((status: number) => void) | undefined
  const end = (how: number): void => {
    if (status !== undefined) return
    status = how
    signal?.removeEventListener('abort', leave)
    waiting?.(how)
  }
  const leave = (): void => end(CLIENT_CLOSED_REQUEST)
  if (signal?.aborted === true) leave()
  else signal?.addEventListener('abort', leave)
  return {
    answered: end,
    tell(listener) {
      if (status === undefined) waiting = listener
      else listener(status)
    },
  }
}

function nodeResponseOf(c: Context): NodeResponse | undefined {
  const env: unknown = c.env
  if (typeof env !== 'object' || env === null || !('outgoing' in env)) return undefined
  return isNodeResponse(env.outgoing) ? env.outgoing : undefined
}

function isNodeResponse(outgoing: unknown): outgoing is NodeResponse {
  return (
    typeof outgoing === 'object' &&
    outgoing !== null &&
    'statusCode' in outgoing &&
    'once' in outgoing &&
    typeof outgoing.once === 'function'
  )
}
