import type { NodeRequest } from '@kube-authn/core/adapter'
import type { Context } from 'hono'

/** Node's request behind a context; `undefined` if the app does not run on `@hono/node-server`. */
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
 * Whether the headers of a request of `@hono/node-server` were never read, so that none was removed. They are created when first read, which is
 * slower than this check. An unrecognized request counts as touched.
 */
export function untouchedByApp(request: Request): boolean {
  if (fields !== undefined && fields.incoming in request) return !(fields.headers in request)
  const incoming = fieldNamed(request, 'incomingKey')
  if (incoming === undefined) return false
  // Listing the symbols takes twenty times as long as looking up a known one.
  if (fields === undefined && attempts > 0) {
    attempts--
    fields = fieldsOf(request, incoming)
  }
  return fieldNamed(request, 'headersKey') === undefined
}

/** The internal fields of a request that are used. */
interface Fields {
  readonly incoming: symbol
  /** Set once the headers were read. */
  readonly headers: symbol
}

/** The fields of this process' `@hono/node-server`, once found. */
let fields: Fields | undefined
let attempts = 4

/** Creates a request without headers and reads it, since the field only exists after that. */
function fieldsOf(request: Request, incoming: symbol): Fields | undefined {
  try {
    const empty = Object.create(Object.getPrototypeOf(request) as object) as Request
    Reflect.set(empty, incoming, { rawHeaders: [], headers: {} })
    const headers = empty.headers instanceof Headers ? fieldNamed(empty, 'headersKey') : undefined
    return headers === undefined ? undefined : { incoming, headers }
  } catch {
    // An unknown version.
    return undefined
  }
}

function fieldNamed(request: Request, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(request).find(({ description }) => description === name)
}
