import type { HeaderChanges } from '../authenticator.ts'
import { isRemoved } from '../headers/changes.ts'
import type { NodeRequest } from './incoming-message.ts'

/**
 * Removes and replaces headers of a request of Node's, in `rawHeaders`, `headers` and, where something read it already,
 * `headersDistinct`.
 */
export function applyHeaderChanges(message: NodeRequest, changes: HeaderChanges): void {
  const { rawHeaders } = message
  const replacements = new Map(changes.replace)
  const gone = new Set<string>()
  let kept = 0
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const lowerCase = name.toLowerCase()
    if (isRemoved(lowerCase, changes) || replacements.has(lowerCase)) {
      gone.add(lowerCase)
      continue
    }
    rawHeaders[kept++] = name
    rawHeaders[kept++] = rawHeaders[index + 1] ?? ''
  }
  if (gone.size === 0) return
  rawHeaders.length = kept
  const parsed: Record<string, unknown>[] = [message.headers]
  if ('headersDistinct' in message) parsed.push(message.headersDistinct as Record<string, unknown>)
  for (const headers of parsed) for (const name of gone) delete headers[name]
  for (const [name, value] of replacements) {
    if (!gone.has(name)) continue
    rawHeaders.push(name, value)
    message.headers[name] = value
    if (parsed[1] !== undefined) parsed[1][name] = [value]
  }
}
