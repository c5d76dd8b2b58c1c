import type { HeaderChanges } from '../authenticator.ts'
import { type HeaderSelector, replacementsOf, selectorOf } from '../headers/changes.ts'
import { madeHeadersOf, recountHeaders } from './lazy-headers.ts'
import type { NodeRequest } from './node-request.ts'
import { removeFromTrailers } from './trailers.ts'

/**
 * Removes and replaces headers of a request of Node's, in `rawHeaders`, `headers` and `headersDistinct`. What is removed is not in its
 * trailers either, which may come later, and neither is any other identity.
 *
 * @returns what was really changed: the headers that the request had.
 */
export function applyHeaderChanges(message: NodeRequest, changes: HeaderChanges): HeaderChanges {
  const { rawHeaders } = message
  removeFromTrailers(message, changes)
  const isSelected = selectorOf(changes)
  const found = namesIn(rawHeaders, isSelected)
  if (found.size === 0) return NOTHING

  const { replace } = changes
  const made = replace === undefined ? madeHeadersOf(message) : undefined
  if (made !== undefined) {
    removeFrom(rawHeaders, isSelected)
    recountHeaders(message)
    for (const name of found) {
      if (made.headers !== undefined) Reflect.deleteProperty(made.headers, name)
      if (made.headersDistinct !== undefined) Reflect.deleteProperty(made.headersDistinct, name)
    }
    return { remove: [...found] }
  }

  // Node makes both from `rawHeaders` when they are first read, and counts on as many as were sent: so they come first.
  const { headers, headersDistinct } = message
  removeFrom(rawHeaders, isSelected)
  for (const name of found) {
    delete headers[name]
    delete headersDistinct?.[name]
  }
  if (replace === undefined) return { remove: [...found] }
  const removed = new Set(found)

  for (const [name, value] of replacementsOf(changes)) {
    if (!found.has(name)) continue
    removed.delete(name)
    rawHeaders.push(name, value)
    headers[name] = value
    if (headersDistinct !== undefined) headersDistinct[name] = [value]
  }
  return { remove: [...removed], replace: replace.filter(([name]) => found.has(name.toLowerCase())) }
}

const NOTHING: HeaderChanges = Object.freeze({ remove: [] })

/** The selected names, in lower case. */
function namesIn(rawHeaders: readonly string[], isSelected: HeaderSelector): Set<string> {
  const found = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (isSelected(name)) found.add(name.toLowerCase())
  }
  return found
}

/** Moves what stays to the front: the array is the request's own, and others hold it too. */
function removeFrom(rawHeaders: string[], isSelected: HeaderSelector): void {
  let kept = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (isSelected(name)) continue
    rawHeaders[kept++] = name
    rawHeaders[kept++] = rawHeaders[index + 1] ?? ''
  }
  rawHeaders.length = kept
}
