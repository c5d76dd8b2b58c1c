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
  const { removeCookies = [] } = changes
  const isAffected = lowerCaseSelector(changes)
  const kept: string[] = []
  const removed = new Set<string>()
  const cookies: string[] = []
  let hadCookies = false
  // In HTTP/1 only a chunked body can have trailers.
  let mayHaveTrailers = message.httpVersionMajor > 1 && hasHttp2Body(message)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    const lowerCase = name.toLowerCase()
    if (lowerCase === 'transfer-encoding') mayHaveTrailers = true
    if (isAffected(lowerCase)) removed.add(lowerCase)
    else if (lowerCase !== 'cookie') kept.push(name, value)
    else {
      const others = withoutCookies(value, removeCookies)
      if (others !== value) hadCookies = true
      if (others === '' && value !== '') continue
      cookies.push(others)
      kept.push(name, others)
    }
  }
  if (mayHaveTrailers) removeFromTrailers(message, changes)
  if (removed.size === 0 && !hadCookies) return false

  // Node makes both from `rawHeaders` on first access, so they are made before headers are removed there.
  const shown = [message.headers, distinctHeaders(message) ?? {}] as const
  // In place: other code refers to the same array.
  rawHeaders.length = 0
  for (const each of kept) rawHeaders.push(each)
  if (hadCookies) removed.add('cookie')
  for (const name of removed) for (const headers of shown) delete headers[name]
  const [headers, distinct] = shown
  if (hadCookies && cookies.length > 0) {
    headers['cookie'] = cookies.join('; ')
    distinct['cookie'] = cookies
  }
  for (const [name, value] of replacementsOf(changes)) {
    if (!removed.has(name)) continue
    rawHeaders.push(name, value)
    headers[name] = value
    distinct[name] = [value]
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
