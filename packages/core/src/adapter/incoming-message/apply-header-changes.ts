import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { replacementsOf } from '../../request/headers/changes.ts'
import { type AffectedName, affectedBy } from '../../request/headers/selector.ts'
import type { NodeRequest } from './node-request.ts'
import { removeCookies } from './remove-cookies.ts'
import { hasHttp2Body, removeFromTrailers } from './trailers.ts'

/**
 * Removes and replaces headers of a Node request, in `rawHeaders`, `headers` and `headersDistinct`. Removed headers and all other identity
 * headers are also removed from its trailers, which may arrive later.
 *
 * @returns the effective changes, for headers that the request had.
 */
export function applyHeaderChanges(message: NodeRequest, changes: HeaderChanges): HeaderChanges {
  if (changes.removeCookies !== undefined) return applyWithCookies(message, changes, changes.removeCookies)
  const { rawHeaders } = message
  const affectedName = affectedBy(changes)
  let first = -1
  let firstName: string | undefined
  let isChunked = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (firstName === undefined) {
      firstName = affectedName(name)
      if (firstName !== undefined) first = index
    }
    // In HTTP/1 only a chunked body can have trailers.
    if (name.length === TRANSFER_ENCODING.length && name.toLowerCase() === TRANSFER_ENCODING) isChunked = true
  }
  if (isChunked || (message.httpVersionMajor > 1 && hasHttp2Body(message)))
    removeFromTrailers(message, changes)
  if (firstName === undefined) return NOTHING

  const { replace } = changes
  // Node makes both from `rawHeaders` on first access and expects its original length, so they are read before elements are removed.
  const { headers } = message
  const lazy = replace === undefined ? lazyFieldsOf(message) : undefined
  const distinct: unknown =
    lazy === undefined ? message.headersDistinct : fieldsIn(message)[lazy.headersDistinct]
  const found = removeFrom(rawHeaders, affectedName, first, firstName)
  if (lazy !== undefined) fieldsIn(message)[lazy.count] = rawHeaders.length
  for (const name of found) {
    delete headers[name]
    // Deleting an absent property is slower than checking for it.
    if (typeof distinct === 'object' && distinct !== null && name in distinct)
      Reflect.deleteProperty(distinct, name)
  }
  if (replace === undefined) return { remove: found }

  const replaced = replacementsOf(changes).filter(([name]) => found.includes(name))
  for (const [name, value] of replaced) {
    rawHeaders.push(name, value)
    headers[name] = value
    if (message.headersDistinct !== undefined) message.headersDistinct[name] = [value]
  }
  return {
    remove: found.filter((name) => !replaced.some(([other]) => other === name)),
    replace: replace.filter(([name]) => found.includes(name.toLowerCase())),
  }
}

function applyWithCookies(
  message: NodeRequest,
  changes: HeaderChanges,
  names: readonly string[],
): HeaderChanges {
  const { hadCookies, remaining } = removeCookies(message, changes, names)
  const made = applyHeaderChanges(message, remaining)
  return hadCookies ? { ...made, removeCookies: names } : made
}

const TRANSFER_ENCODING = 'transfer-encoding'
const NOTHING: HeaderChanges = Object.freeze({ remove: [] })

/**
 * Removes headers in place: other code refers to the same array.
 *
 * @param first the index of the first header to remove.
 * @param firstName its name in lower case.
 * @returns the names of the removed headers, in lower case, without duplicates.
 */
function removeFrom(
  rawHeaders: string[],
  affectedName: AffectedName,
  first: number,
  firstName: string,
): readonly string[] {
  const found = [firstName]
  let kept = first
  for (let index = first + 2; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const affected = affectedName(name)
    if (affected === undefined) {
      rawHeaders[kept++] = name
      rawHeaders[kept++] = rawHeaders[index + 1] ?? ''
    } else found.push(affected)
  }
  // One by one, since setting the length takes as long as a dozen calls of `pop`.
  for (let left = rawHeaders.length - kept; left > 0; left--) rawHeaders.pop()
  return found.length === 1 ? found : [...new Set(found)]
}

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
  return fieldsIn(message)[fields.count] === message.rawHeaders.length ? fields : undefined
}

/** A message as what its fields are read from and written to: `Reflect.get` and `Reflect.set` are slower, since V8 does not cache what they find. */
function fieldsIn(message: object): Record<symbol, unknown> {
  return message as Record<symbol, unknown>
}

function findFields(message: NodeRequest): LazyFields | undefined {
  // The field exists only after the property was read.
  if (message.headersDistinct === undefined) return undefined
  const found = new Map(Object.getOwnPropertySymbols(message).map((symbol) => [symbol.description, symbol]))
  const headersDistinct = found.get('kHeadersDistinct')
  const count = found.get('kHeadersCount')
  return headersDistinct === undefined || count === undefined ? undefined : { headersDistinct, count }
}
