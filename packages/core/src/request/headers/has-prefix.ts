import type { RequestHeaders } from '../request.ts'

/** Whether a request has a header whose name begins with this, which is in lower case. */
export function hasPrefix(headers: RequestHeaders, prefix: string): boolean {
  if (headers.hasPrefix !== undefined) return headers.hasPrefix(prefix)
  for (const [name] of headers.entries()) if (name.startsWith(prefix)) return true
  return false
}
