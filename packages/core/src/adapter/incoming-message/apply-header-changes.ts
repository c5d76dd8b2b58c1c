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
  const areCookiesLeft = cookies?.some((value) => value !== '') ?? true
  const isAffected = lowerCaseSelector(changes)
  const kept: string[] = []
  const removed = new Set<string>()
  let cookieHeaders = 0
  // In HTTP/1 only a chunked body can have trailers.
  let mayHaveTrailers = message.httpVersionMajor > 1 && hasHttp2Body(message)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const lowerCase = name.toLowerCase()
    if (lowerCase === 'transfer-encoding') mayHaveTrailers = true
    const isCookie = cookies !== undefined && lowerCase === 'cookie'
    if ((isCookie && !areCookiesLeft) || isAffected(lowerCase)) removed.add(lowerCase)
    else kept.push(name, (isCookie ? cookies[cookieHeaders++] : rawHeaders[index + 1]) ?? '')
  }
  if (mayHaveTrailers) removeFromTrailers(message, changes)
  if (removed.size === 0 && cookies === undefined) return false

  // Node makes both from `rawHeaders` on first access, so they are made before headers are removed there.
  const { headers } = message
  const headersDistinct = distinctHeaders(message)
  // In place: other code refers to the same array.
  rawHeaders.splice(0, rawHeaders.length, ...kept)
  for (const name of removed) {
    delete headers[name]
    delete headersDistinct?.[name]
  }
  if (changes.replace !== undefined) replaceIn(message, changes, removed)
  if (cookies !== undefined && !removed.has('cookie')) {
    const values = cookies.filter((value) => value !== '')
    headers['cookie'] = values.join('; ')
    if (headersDistinct !== undefined) headersDistinct['cookie'] = values
  }
  return true
}

/**
 * `headersDistinct` of a request. In Node.js 20.19 reading it throws if a header has the name of a member of `Object.prototype`; such a request gets one
 * with all of its headers.
 */
function distinctHeaders(message: NodeRequest): NodeRequest['headersDistinct'] {
  try {
    return message.headersDistinct
  } catch {
    const { rawHeaders } = message
    const value = Object.create(null) as Record<string, string[] | undefined>
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]?.toLowerCase() ?? ''
      value[name] ??= []
      value[name].push(rawHeaders[index + 1] ?? '')
    }
    Object.defineProperty(message, 'headersDistinct', { value, writable: true, configurable: true })
    return value
  }
}

/** Sets the headers that have another value, of those that the request had. */
function replaceIn(
  { rawHeaders, headers, headersDistinct }: NodeRequest,
  changes: HeaderChanges,
  removed: ReadonlySet<string>,
): void {
  for (const [name, value] of replacementsOf(changes)) {
    if (!removed.has(name)) continue
    rawHeaders.push(name, value)
    headers[name] = value
    if (headersDistinct !== undefined) headersDistinct[name] = [value]
  }
}

/** The values of the headers `Cookie` without these cookies; `undefined` if the request has none of them. */
function cookiesLeft(rawHeaders: readonly string[], names: readonly string[]): readonly string[] | undefined {
  const sent = rawHeaders.filter(
    (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'cookie',
  )
  const left = sent.map((value) => withoutCookies(value, names))
  return left.some((value, index) => value !== sent[index]) ? left : undefined
}
