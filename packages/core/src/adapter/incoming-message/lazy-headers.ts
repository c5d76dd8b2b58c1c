import type { NodeRequest } from './node-request.ts'

/*
 * Node makes `headersDistinct` of an HTTP/1 request from `rawHeaders` on first access, and stores the number of raw elements. Making it
 * just to delete one header costs more than authenticating the request. So if Node's internal fields are recognised, the count is corrected
 * instead, and the object is later made without that header.
 *
 * Source: node `lib/_http_incoming.js`.
 */

/** The internal fields of a message. */
export interface LazyFields {
  /** What Node has made of `headersDistinct` so far. */
  readonly headersDistinct: symbol
  /** The number of elements of `rawHeaders` that Node will read. */
  readonly count: symbol
}

/** The fields of this Node version, once found. */
let fields: LazyFields | undefined
/** The first requests may be mocks, which have no such fields. */
let attempts = 16

/** The internal fields of a request. `undefined` if unknown: for HTTP/2, other runtimes, and mock requests. */
export function lazyFieldsOf(message: NodeRequest): LazyFields | undefined {
  if (message.httpVersionMajor !== 1) return undefined
  if (fields === undefined) {
    if (attempts === 0) return undefined
    attempts--
    fields = findFields(message)
    if (fields === undefined) return undefined
  }
  return Reflect.get(message, fields.count) === message.rawHeaders.length ? fields : undefined
}

function findFields(message: NodeRequest): LazyFields | undefined {
  // The field exists only after the property was read.
  if (message.headersDistinct === undefined) return undefined
  const found = new Map(Object.getOwnPropertySymbols(message).map((symbol) => [symbol.description, symbol]))
  const headersDistinct = found.get('kHeadersDistinct')
  const count = found.get('kHeadersCount')
  return headersDistinct === undefined || count === undefined ? undefined : { headersDistinct, count }
}
