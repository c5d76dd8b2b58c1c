import type { NodeRequest } from './node-request.ts'

/*
 * Node makes `headers` and `headersDistinct` of an HTTP/1 request from `rawHeaders` on first access, and stores the number of raw
 * elements. Making both just to delete one header costs more than authenticating the request. So if Node's internal fields are recognised,
 * the count is corrected instead, and the objects are later made without that header.
 *
 * Source: node `lib/_http_incoming.js`.
 */

/** The `headers` and `headersDistinct` that Node has already made; `undefined`: not yet. */
export interface MadeHeaders {
  readonly headers: object | undefined
  readonly headersDistinct: object | undefined
}

interface Fields {
  readonly headers: symbol
  readonly headersDistinct: symbol
  readonly count: symbol
}

/** The fields of this Node version, once found. */
let fields: Fields | undefined
/** The first requests may be mocks, which have no such fields. */
let attempts = 16

/**
 * The header objects that Node has made for a request so far. `undefined` if unknown: for HTTP/2, other runtimes, and mock requests.
 */
export function madeHeadersOf(message: NodeRequest): MadeHeaders | undefined {
  const known = fieldsOf(message)
  if (known === undefined) return undefined
  return {
    headers: objectAt(message, known.headers),
    headersDistinct: objectAt(message, known.headersDistinct),
  }
}

/** Corrects Node's number of raw elements. Only for a message for which {@link madeHeadersOf} returns an object. */
export function recountHeaders(message: NodeRequest): void {
  if (fields !== undefined) Reflect.set(message, fields.count, message.rawHeaders.length)
}

function fieldsOf(message: NodeRequest): Fields | undefined {
  if (message.httpVersionMajor !== 1) return undefined
  if (fields === undefined) {
    if (attempts === 0) return undefined
    attempts--
    fields = findFields(message)
    if (fields === undefined) return undefined
  }
  return Reflect.get(message, fields.count) === message.rawHeaders.length ? fields : undefined
}

function findFields(message: NodeRequest): Fields | undefined {
  // The field exists only after the property was read.
  if (message.headersDistinct === undefined) return undefined
  const found = new Map(Object.getOwnPropertySymbols(message).map((symbol) => [symbol.description, symbol]))
  const headers = found.get('kHeaders')
  const headersDistinct = found.get('kHeadersDistinct')
  const count = found.get('kHeadersCount')
  if (headers === undefined || headersDistinct === undefined || count === undefined) return undefined
  return { headers, headersDistinct, count }
}

function objectAt(message: NodeRequest, field: symbol): object | undefined {
  const value: unknown = Reflect.get(message, field)
  return typeof value === 'object' && value !== null ? value : undefined
}
