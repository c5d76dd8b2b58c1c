import type { NodeRequest } from './node-request.ts'

/*
 * Node makes `headers` and `headersDistinct` of an HTTP/1 request from `rawHeaders` when they are first read, and keeps how many raw
 * elements there were. To make both only to take one header out costs more than to authenticate the request. So where Node's own
 * fields are recognized, the count is corrected instead, and what was not made yet is made without that header.
 *
 * Source: node `lib/_http_incoming.js`.
 */

/** What of `headers` and `headersDistinct` was made already; `undefined`: not yet. */
export interface MadeHeaders {
  readonly headers: object | undefined
  readonly headersDistinct: object | undefined
}

interface Fields {
  readonly headers: symbol
  readonly headersDistinct: symbol
  readonly count: symbol
}

/** The fields of this process' Node, once they were found. */
let fields: Fields | undefined
/** Requests that are made by hand have no such fields, and may come first. */
let attempts = 16

/**
 * What Node made of the headers of a request so far. `undefined` where that cannot be told, as of HTTP/2, of other runtimes and of
 * requests that are made by hand.
 */
export function madeHeadersOf(message: NodeRequest): MadeHeaders | undefined {
  const known = fieldsOf(message)
  if (known === undefined) return undefined
  return {
    headers: objectAt(message, known.headers),
    headersDistinct: objectAt(message, known.headersDistinct),
  }
}

/** Tells Node how many raw elements there are now. Only for a message that {@link madeHeadersOf} can tell about. */
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
  // Its field is there only once it was read.
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
