import { sha256 } from '#sha256'

/** A label value for a string that may be long or confidential. */
export function hashLabel(text: string): string {
  if (text === '') return ''
  const hex = Array.from(sha256(text), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return `sha256:${hex}`
}
