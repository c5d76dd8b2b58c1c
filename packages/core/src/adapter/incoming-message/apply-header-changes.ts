import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { replacementsOf } from '../../request/headers/changes.ts'
import { type HeaderSelector, selectorOf } from '../../request/headers/selector.ts'
import { madeHeadersOf, recountHeaders } from './lazy-headers.ts'
import type { NodeRequest } from './node-request.ts'
import { isTransferEncoding, mayHaveTrailers, removeFromTrailers } from './trailers.ts'

/**
 * Removes and replaces headers of a request of Node's, in `rawHeaders`, `headers` and `headersDistinct`. What is removed is not in its
 * trailers either, which may come later, and neither is any other identity.
 *
 * @returns what was really changed: the headers that the request had.
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

  // Node makes both from `rawHeaders` when they are first read, and counts on as many as were sent: so they come first.
  const { headers, headersDistinct } = message
  const found = removeFrom(rawHeaders, isSelected, first)
  for (const name of found) {
    delete headers[name]
    // To delete what is not there takes longer than to look.
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
 * Moves what stays to the front: the array is the request's own, and others hold it too.
 *
 * @param first where the first header is that goes.
 * @returns the names of those that went, in lower case, each once.
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
  // One by one, since to set the length takes as long as to take off a dozen.
  for (let left = rawHeaders.length - kept; left > 0; left--) rawHeaders.pop()
  // Nearly always it is one.
  return found.length === 1 ? found : [...new Set(found)]
}
