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
  // Node makes `headers` on first access, from as many raw headers as it received.
  const { rawHeaders, headers } = message
  const isAffected = lowerCaseSelector(changes)
  const removed = new Set<string>()
  let kept = 0
  // In HTTP/1 only a chunked body can have trailers.
  let mayHaveTrailers = message.httpVersionMajor > 1 && hasHttp2Body(message)
  // In place: other code refers to the same array.
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    const lowerCase = name.toLowerCase()
    if (lowerCase === 'transfer-encoding') mayHaveTrailers = true
    if (isAffected(lowerCase)) removed.add(lowerCase)
    else {
      rawHeaders[kept++] = name
      rawHeaders[kept++] = value
    }
  }
  rawHeaders.length = kept
  if (mayHaveTrailers) removeFromTrailers(message, changes)
  const hadCookies = changes.removeCookies !== undefined && removeCookies(message, changes.removeCookies)
  if (removed.size === 0 && !hadCookies) return false

  for (const name of removed) delete headers[name]
  for (const [name, value] of replacementsOf(changes)) {
    if (!removed.has(name)) continue
    rawHeaders.push(name, value)
    headers[name] = value
  }
  if ('headersDistinct' in message) Object.defineProperty(message, 'headersDistinct', FROM_RAW_HEADERS)
  return true
}

/** Removes cookies of these names from a Node request. @returns whether it had one of them. */
function removeCookies({ rawHeaders, headers }: NodeRequest, names: readonly string[]): boolean {
  const left: string[] = []
  let hadSome = false
  let kept = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const value = rawHeaders[index + 1] ?? ''
    const isCookie = name.toLowerCase() === 'cookie'
    const others = isCookie ? withoutCookies(value, names) : value
    if (others !== value) hadSome = true
    if (isCookie && others === '') continue
    if (isCookie) left.push(others)
    rawHeaders[kept++] = name
    rawHeaders[kept++] = others
  }
  rawHeaders.length = kept
  if (hadSome && left.length === 0) delete headers['cookie']
  else if (hadSome) headers['cookie'] = left.join('; ')
  return hadSome
}

/**
 * `headersDistinct` as Node makes it on first access, but from the headers that are left, whether it was read before or not. In Node.js 20.19 its own throws if a header has the name
 * of a member of `Object.prototype`.
 */
const FROM_RAW_HEADERS: PropertyDescriptor & ThisType<NodeRequest> = {
  configurable: true,
  get() {
    const { rawHeaders } = this
    const value = Object.create(null) as Record<string, string[] | undefined>
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]?.toLowerCase() ?? ''
      value[name] ??= []
      value[name].push(rawHeaders[index + 1] ?? '')
    }
    Object.defineProperty(this, 'headersDistinct', { value, configurable: true, writable: true })
    return value
  },
  set(value: unknown) {
    Object.defineProperty(this, 'headersDistinct', { value, configurable: true, writable: true })
  },
}
