import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { lowerCaseSelector, replacementsOf } from '../../request/headers/changes.ts'
import { withoutCookies } from '../../request/headers/cookies.ts'
import type { NodeRequest } from './node-request.ts'
import { hasHttp2Body, removeFromTrailers } from './trailers.ts'

/**
 * Removes and replaces headers of a Node request, in `rawHeaders`, `headers` and `headersDistinct`. Removed headers and all other identity
 * headers are also removed from its trailers, which may arrive later.
 *
 * @returns whether the request had one of them.
 */
export function applyHeaderChanges(message: NodeRequest, changes: HeaderChanges): boolean {
  const { rawHeaders } = message
  const cookies = changes.removeCookies && cookiesLeft(rawHeaders, changes.removeCookies)
  const areCookiesRemoved = cookies?.every((value) => value === '') ?? false
  const isAffected = lowerCaseSelector(changes)
  const removed: string[] = []
  // In HTTP/1 only a chunked body can have trailers.
  let mayHaveTrailers = message.httpVersionMajor > 1 && hasHttp2Body(message)
  let parsed: ParsedHeaders | undefined
  let kept = 0
  // In place: other code refers to the same array.
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const lowerCase = name.toLowerCase()
    if (lowerCase === 'transfer-encoding') mayHaveTrailers = true
    if (isAffected(lowerCase) || (areCookiesRemoved && lowerCase === 'cookie')) {
      parsed ??= parsedHeaders(message)
      removed.push(lowerCase)
    } else {
      if (kept < index) {
        rawHeaders[kept] = name
        rawHeaders[kept + 1] = rawHeaders[index + 1] ?? ''
      }
      kept += 2
    }
  }
  if (mayHaveTrailers) removeFromTrailers(message, changes)
  if (parsed !== undefined) {
    rawHeaders.length = kept
    for (const name of removed) {
      delete parsed.headers[name]
      delete parsed.headersDistinct?.[name]
    }
    if (changes.replace !== undefined) replaceIn(message, changes, removed)
  }
  if (cookies !== undefined && !removed.includes('cookie')) replaceCookies(message, cookies)
  return removed.length > 0 || cookies !== undefined
}

interface ParsedHeaders {
  readonly headers: NodeRequest['headers']
  readonly headersDistinct: NodeRequest['headersDistinct']
}

/**
 * Both, as Node makes them from `rawHeaders` on first access, so before anything is removed there. In Node.js 20.19 reading `headersDistinct` throws if a
 * header has the name of a member of `Object.prototype`; such a request gets one with all of its headers.
 */
function parsedHeaders(message: NodeRequest): ParsedHeaders {
  const { headers } = message
  try {
    return { headers, headersDistinct: message.headersDistinct }
  } catch {
    const { rawHeaders } = message
    const value = Object.create(null) as Record<string, string[] | undefined>
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]?.toLowerCase() ?? ''
      value[name] ??= []
      value[name].push(rawHeaders[index + 1] ?? '')
    }
    Object.defineProperty(message, 'headersDistinct', { value, writable: true, configurable: true })
    return { headers, headersDistinct: value }
  }
}

/** Sets the headers that have another value, of those that the request had. */
function replaceIn(
  { rawHeaders, headers, headersDistinct }: NodeRequest,
  changes: HeaderChanges,
  removed: readonly string[],
): void {
  for (const [name, value] of replacementsOf(changes)) {
    if (!removed.includes(name)) continue
    rawHeaders.push(name, value)
    headers[name] = value
    if (headersDistinct !== undefined) headersDistinct[name] = [value]
  }
}

/** @param cookies the values of the headers `Cookie`, in order. */
function replaceCookies(message: NodeRequest, cookies: readonly string[]): void {
  const { headers, headersDistinct } = parsedHeaders(message)
  const { rawHeaders } = message
  let next = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'cookie') rawHeaders[index + 1] = cookies[next++] ?? ''
  }
  const values = cookies.filter((value) => value !== '')
  headers['cookie'] = values.join('; ')
  if (headersDistinct !== undefined) headersDistinct['cookie'] = values
}

/** The values of the headers `Cookie` without these cookies; `undefined` if the request has none of them. */
function cookiesLeft(rawHeaders: readonly string[], names: readonly string[]): readonly string[] | undefined {
  const sent = rawHeaders.filter(
    (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'cookie',
  )
  const left = sent.map((value) => withoutCookies(value, names))
  return left.some((value, index) => value !== sent[index]) ? left : undefined
}
