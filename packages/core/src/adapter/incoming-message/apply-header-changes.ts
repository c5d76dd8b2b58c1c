import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { replacementsOf } from '../../request/headers/changes.ts'
import { withoutCookies } from '../../request/headers/cookies.ts'
import { isNamed } from '../../request/headers/exact.ts'
import { affectedBy } from '../../request/headers/selector.ts'
import type { NodeRequest } from './node-request.ts'
import { hasHttp2Body, removeFromTrailers } from './trailers.ts'

/**
 * Removes and replaces headers of a Node request, in `rawHeaders`, `headers` and `headersDistinct`. Removed headers and all other identity
 * headers are also removed from its trailers, which may arrive later.
 *
 * @returns the effective changes, for headers that the request had.
 */
export function applyHeaderChanges(message: NodeRequest, changes: HeaderChanges): HeaderChanges {
  if (mayHaveTrailers(message)) removeFromTrailers(message, changes)
  const cookies = cookiesLeft(message.rawHeaders, changes)
  const { kept, removed } = divideHeaders(message.rawHeaders, changes, cookies)
  if (removed.size === 0 && cookies === undefined) return NOTHING

  // Node makes both from `rawHeaders` on first access, so they are made before headers are removed there.
  const { headers, headersDistinct, rawHeaders } = message
  // In place: other code refers to the same array.
  rawHeaders.splice(0, rawHeaders.length, ...kept)
  for (const name of removed) {
    delete headers[name]
    delete headersDistinct?.[name]
  }
  const replaced = replacementsOf(changes).filter(([name]) => removed.has(name))
  for (const [name, value] of replaced) {
    rawHeaders.push(name, value)
    headers[name] = value
    if (headersDistinct !== undefined) headersDistinct[name] = [value]
  }
  if (cookies !== undefined && !removed.has('cookie')) {
    const values = cookies.filter((value) => value !== '')
    headers['cookie'] = values.join('; ')
    if (headersDistinct !== undefined) headersDistinct['cookie'] = values
  }
  return {
    remove: [...removed].filter((name) => !replaced.some(([other]) => other === name)),
    ...(changes.replace !== undefined && {
      replace: changes.replace.filter(([name]) => removed.has(name.toLowerCase())),
    }),
    ...(cookies !== undefined && { removeCookies: changes.removeCookies ?? [] }),
  }
}

const NOTHING: HeaderChanges = Object.freeze({ remove: [] })

/** In HTTP/1 only a chunked body can have trailers. */
function mayHaveTrailers(message: NodeRequest): boolean {
  if (message.httpVersionMajor > 1) return hasHttp2Body(message)
  return message.rawHeaders.some((name, index) => index % 2 === 0 && isNamed(name, 'transfer-encoding'))
}

/** The values of the headers `Cookie` without the cookies to remove; `undefined` if the request has none of these. */
function cookiesLeft(
  rawHeaders: readonly string[],
  { removeCookies }: HeaderChanges,
): readonly string[] | undefined {
  if (removeCookies === undefined) return undefined
  const sent = rawHeaders.filter((_, index) => index % 2 === 1 && isNamed(rawHeaders[index - 1], 'cookie'))
  const left = sent.map((value) => withoutCookies(value, removeCookies))
  return left.some((value, index) => value !== sent[index]) ? left : undefined
}

/** @param cookies the values to keep of the headers `Cookie`. Default: all. */
function divideHeaders(
  rawHeaders: readonly string[],
  changes: HeaderChanges,
  cookies: readonly string[] | undefined,
): { readonly kept: readonly string[]; readonly removed: ReadonlySet<string> } {
  const affectedName = affectedBy(changes)
  const kept: string[] = []
  const removed = new Set<string>()
  let cookieHeaders = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const isCookie = cookies !== undefined && isNamed(name, 'cookie')
    const isEmptied = isCookie && cookies.every((value) => value === '')
    const affected = isEmptied ? 'cookie' : affectedName(name)
    if (affected !== undefined) removed.add(affected)
    else kept.push(name, (isCookie ? cookies[cookieHeaders++] : rawHeaders[index + 1]) ?? '')
  }
  return { kept, removed }
}
