import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { replacementsOf } from '../../request/headers/changes.ts'
import { type HeaderSelector, selectorOf } from '../../request/headers/selector.ts'
import { madeHeadersOf, recountHeaders } from './lazy-headers.ts'
import type { NodeRequest } from './node-request.ts'
import { isTransferEncoding, mayHaveTrailers, removeFromTrailers } from './trailers.ts'

/**
 * Removes and replaces headers of a Node request, in `rawHeaders`, `headers` and `headersDistinct`. Removed headers and all other identity
 * headers are also removed from its trailers, which may arrive later.
 *
 * @returns the effective changes, for headers that the request had.
 */
export function applyHeaderChanges(message: NodeRequest, changes: HeaderChanges): HeaderChanges {
  const { rawHeaders } = message
  const isSelected = selectorOf(changes)
  let first = -1
  let isChunked = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (first === -1 && isSelected(name)) first = index
    else if (isTransferEncoding(name)) isChunked = true
  }
  if (mayHaveTrailers(message, isChunked)) removeFromTrailers(message, changes)
  if (first === -1) return NOTHING

  const { replace } = changes
  const made = replace === undefined ? madeHeadersOf(message) : undefined
  if (made !== undefined) {
    const found = removeFrom(rawHeaders, isSelected, first)
    recountHeaders(message)
    for (const name of found) {
      if (made.headers !== undefined) Reflect.deleteProperty(made.headers, name)
      if (made.headersDistinct !== undefined) Reflect.deleteProperty(made.headersDistinct, name)
    }
    return { remove: found }
  }

  // Node makes both from `rawHeaders` on first access and expects its original length, so they are read before elements are removed.
  const { headers, headersDistinct } = message
  const found = removeFrom(rawHeaders, isSelected, first)
  for (const name of found) {
    delete headers[name]
    // Deleting an absent property is slower than checking for it.
    if (headersDistinct !== undefined && name in headersDistinct) delete headersDistinct[name]
  }
  if (replace === undefined) return { remove: found }
  const replaced = replacementsOf(changes).filter(([name]) => found.includes(name))
  for (const [name, value] of replaced) {
    rawHeaders.push(name, value)
    headers[name] = value
    if (headersDistinct !== undefined) headersDistinct[name] = [value]
  }
  return {
    remove: found.filter((name) => !replaced.some(([other]) => other === name)),
    replace: replace.filter(([name]) => found.includes(name.toLowerCase())),
  }
}

const NOTHING: HeaderChanges = Object.freeze({ remove: [] })

/**
 * Removes headers in place: other code refers to the same array.
 *
 * @param first the index of the first header to remove.
 * @returns the names of the removed headers, in lower case, without duplicates.
 */
function removeFrom(rawHeaders: string[], isSelected: HeaderSelector, first: number): readonly string[] {
  const found: string[] = []
  let kept = first
  for (let index = first; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (index > first && !isSelected(name)) {
      rawHeaders[kept++] = name
      rawHeaders[kept++] = rawHeaders[index + 1] ?? ''
      continue
    }
    found.push(name.toLowerCase())
  }
  // One by one, since setting the length takes as long as a dozen calls of `pop`.
  for (let left = rawHeaders.length - kept; left > 0; left--) rawHeaders.pop()
  // Nearly always there is exactly one.
  return found.length === 1 ? found : [...new Set(found)]
}
