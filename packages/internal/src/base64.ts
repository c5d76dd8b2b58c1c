import { bytesFromLatin1 } from './byte-text.ts'

const PADDED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/

/**
 * Whether a string is base64 (RFC 4648 section 4): padded and not empty, without white space or other characters. `atob` alone accepts more.
 *
 * As in Go, the unused bits of the last character may have any value: see {@link isCanonicalBase64}.
 */
export function isBase64(text: string): boolean {
  return PADDED.test(text)
}

/** Whether base64 has zero in the unused bits, so that no other string has the same bytes (RFC 4648 section 3.5). */
export function isCanonicalBase64(text: string): boolean {
  if (!isBase64(text)) return false
  const last = text.slice(-4)
  return btoa(atob(last)) === last
}

/** Decodes base64 to bytes; `undefined` for anything that {@link isBase64} refuses. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  return isBase64(text) ? bytesFromLatin1(atob(text)) : undefined
}
