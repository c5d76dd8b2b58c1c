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
  const found = new Set<string>()
  let kept = 0
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const lowerCase = name.toLowerCase()
    if (isRemoved(lowerCase, changes) || replacements.has(lowerCase)) {
      found.add(lowerCase)
    } else {
      rawHeaders[kept++] = name
      rawHeaders[kept++] = rawHeaders[index + 1] ?? ''
    }
  }
  if (found.size === 0) return NOTHING
  rawHeaders.length = kept
  for (const name of found) {
    delete message.headers[name]
    delete message.headersDistinct?.[name]
  }
  const replaced = [...replacements].filter(([name]) => found.has(name))
  for (const [name, value] of replaced) {
    rawHeaders.push(name, value)
    message.headers[name] = value
    if (message.headersDistinct !== undefined) message.headersDistinct[name] = [value]
  }
  return { remove: [...found].filter((name) => !replacements.has(name)), replace: replaced }
}

const NOTHING: HeaderChanges = Object.freeze({ remove: [] })
