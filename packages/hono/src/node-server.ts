import type { NodeRequest } from '@kube-authn/core/incoming-message'
import type { Context } from 'hono'

/** The request of Node's behind a context; `undefined` where the app does not run on `@hono/node-server`. */
export function nodeRequestOf(c: Context): NodeRequest | undefined {
  const env: unknown = c.env
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined
  return isNodeRequest(env.incoming) ? env.incoming : undefined
}

function isNodeRequest(incoming: unknown): incoming is NodeRequest {
  return (
    typeof incoming === 'object' &&
    incoming !== null &&
    'rawHeaders' in incoming &&
    Array.isArray(incoming.rawHeaders)
  )
}

/**
 * Whether the headers of a request that `@hono/node-server` made were never read, so that none can be taken out. It makes them when
 * they are first read, which costs more than to find this out. What is not recognized counts as touched.
 */
export function untouchedByApp(request: Request): boolean {
  if (fields !== undefined && fields.incoming in request) return !(fields.headers in request)
  const incoming = fieldNamed(request, 'incomingKey')
  if (incoming === undefined) return false
  // To list the symbols takes twenty times as long as to ask for them.
  if (fields === undefined && attempts > 0) {
    attempts--
    fields = fieldsOf(request, incoming)
  }
  return fieldNamed(request, 'headersKey') === undefined
}

/** The fields of a request that are looked at. */
interface Fields {
  readonly incoming: symbol
  /** There once the headers were read. */
  readonly headers: symbol
}

/** Those of this process' `@hono/node-server`, once they were found. */
let fields: Fields | undefined
let attempts = 4

/** A request without any headers is made and read, since it is only then that the field is there. */
function fieldsOf(request: Request, incoming: symbol): Fields | undefined {
  try {
    const empty = Object.create(Object.getPrototypeOf(request) as object) as Request
    Reflect.set(empty, incoming, { rawHeaders: [], headers: {} })
    const headers = empty.headers instanceof Headers ? fieldNamed(empty, 'headersKey') : undefined
    return headers === undefined ? undefined : { incoming, headers }
  } catch {
    // Another version than is known here.
    return undefined
  }
}

function fieldNamed(request: Request, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(request).find(({ description }) => description === name)
}
