import { sha256 } from '#sha256'

/** What stands in a label for what may be long or nobody's business. */
export function hashLabel(text: string): string {
  if (text === '') return ''
  const hex = Array.from(sha256(text), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return `sha256:${hex}`
}
