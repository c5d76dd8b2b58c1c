import { bytesFromLatin1, latin1FromBytes } from './byte-text.ts'

/** Base64, if its length is a multiple of four. A pattern of groups of four takes four times as long. */
const PADDED = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Whether a string is base64 (RFC 4648 section 4): padded and not empty, without white space or other characters. `atob` alone accepts more.
 *
 * As in Go, the unused bits of the last character may have any value: see {@link isCanonicalBase64}.
 */
export function isBase64(text: string): boolean {
  return text !== '' && text.length % 4 === 0 && PADDED.test(text)
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

/** The number of bytes of base64, which may be empty; `undefined` for a string that is something else. */
export function base64Length(text: string): number | undefined {
  if (text === '') return 0
  if (!isBase64(text)) return undefined
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
}

/** A string as UTF-8 in base64. */
export function base64OfText(text: string): string {
  return btoa(latin1FromBytes(new TextEncoder().encode(text)))
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The string whose UTF-8 is in base64. Bytes that are not UTF-8 become U+FFFD, and a string that is not base64 is `''`. */
export function textOfBase64(text: string): string {
  return UTF8.decode(bytesOfBase64(text))
}
