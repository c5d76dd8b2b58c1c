import type { HeaderChanges } from '../authenticator.ts'
import { isRemoved } from '../headers/changes.ts'
import type { NodeRequest } from './incoming-message.ts'

/**
 * Removes and replaces headers of a request of Node's, in `rawHeaders`, `headers` and `headersDistinct`.
 *
 * @returns what was really changed: the headers that the request had.
 */
export function applyHeaderChanges(message: NodeRequest, changes: HeaderChanges): HeaderChanges {
  const { rawHeaders } = message
  const replacements = new Map(changes.replace)
  const isChanged = (name: string): boolean => isRemoved(name, changes) || replacements.has(name)
  const found = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase()
    if (name !== undefined && isChanged(name)) found.add(name)
  }
  if (found.size === 0) return NOTHING

  // Node makes both from `rawHeaders` when they are first read, and counts on as many as were sent: so they come first.
  const { headers, headersDistinct } = message
  const kept = rawHeaders.filter((_, index) => !found.has(rawHeaders[index & ~1]?.toLowerCase() ?? ''))
  rawHeaders.splice(0, rawHeaders.length, ...kept)
  for (const name of found) {
    delete headers[name]
    delete headersDistinct?.[name]
  }
  const replaced = [...replacements].filter(([name]) => found.has(name))
  for (const [name, value] of replaced) {
    rawHeaders.push(name, value)
    headers[name] = value
    if (headersDistinct !== undefined) headersDistinct[name] = [value]
  }
  return { remove: [...found].filter((name) => !replacements.has(name)), replace: replaced }
}

const NOTHING: HeaderChanges = Object.freeze({ remove: [] })
