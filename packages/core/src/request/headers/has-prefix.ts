import type { RequestHeaders } from '../request.ts'

/** Whether a request has a header whose name starts with the lower-case prefix. */
export function hasPrefix(headers: RequestHeaders, prefix: string): boolean {
  if (headers.hasPrefix !== undefined) return headers.hasPrefix(prefix)
  for (const [name] of headers.entries()) if (name.startsWith(prefix)) return true
  return false
}
