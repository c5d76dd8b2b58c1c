import { clientContext, type NodeRequest, type NodeResponse, whenOver } from '@kube-authn/core/adapter'
import { type Ending, fetchEnding, isNodeRequest, isNodeResponse } from '@kube-authn/core/internal'
import type { Context } from 'hono'

/**
 * The context of a call about a request: a `signal` that is aborted if the client disconnects before the response, if the runtime supports it. It is
 * read lazily: on `@hono/node-server` reading it creates a whole Fetch request.
 *
 * @param given further members of the context.
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

/**
 * Waits for the response or for the client to disconnect. Node reports what was really sent. On other runtimes only the app's response is known, or
 * that the client disconnected before.
 */
export function endingOf(c: Context): Ending {
  const incoming = nodeRequestOf(c)
  const outgoing = nodeResponseOf(c)
  if (incoming === undefined || outgoing === undefined) return fetchEnding(c.req.raw.signal)
  return { answered: () => {}, tell: whenOver(incoming, outgoing) }
}

function nodeResponseOf(c: Context): NodeResponse | undefined {
  const outgoing = passed(c, 'outgoing')
  return isNodeResponse(outgoing) ? outgoing : undefined
}

/** The execution context of Workers. */
export function executionContextOf(c: Context): Context['executionCtx'] | undefined {
  try {
    return c.executionCtx
  } catch {
    // The app was called without an execution context.
    return undefined
  }
}

/** Node's request behind a context; `undefined` if the app does not run on `@hono/node-server`. */
export function nodeRequestOf(c: Context): NodeRequest | undefined {
  const incoming = passed(c, 'incoming')
  return isNodeRequest(incoming) ? incoming : undefined
}

/** What `@hono/node-server` passes to an app. */
function passed(c: Context, name: 'incoming' | 'outgoing'): unknown {
  const env: unknown = c.env
  return typeof env === 'object' && env !== null ? Reflect.get(env, name) : undefined
}

/**
 * Whether the headers of a request of `@hono/node-server` were never read, so that none was removed. It makes them on first access, which takes
 * longer than all of authentication. A request of another kind counts as read.
 */
export function untouchedByApp(request: Request): boolean {
  let isOfNodeServer = false
  for (const { description } of Object.getOwnPropertySymbols(request)) {
    if (description === 'headersKey') return false
    if (description === 'incomingKey') isOfNodeServer = true
  }
  return isOfNodeServer
}
