const NON_ASCII = /[^\0-\x7f]/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The text of bytes that somebody decoded as latin1, one character per byte, as Node does with headers.
 *
 * Bytes that are not UTF-8 stay distinguishable: each byte from 0x80 on becomes the lone surrogate U+DC00 + byte, which
 * no valid text contains. So two different byte sequences are never the same text (PEP 383 has the idea).
 *
 * Deviation: Go keeps the bytes (`docs/deviations.md`, invalid UTF-8).
 */
export function textFromLatin1(latin1: string): string {
  if (!NON_ASCII.test(latin1)) return latin1
  try {
    return strictUtf8.decode(Uint8Array.from(latin1, (character) => character.charCodeAt(0)))
  } catch {
    return latin1.replace(/[\x80-\xff]/g, (character) =>
      String.fromCharCode(0xdc00 + character.charCodeAt(0)),
    )
  }
}

/** One character per byte. */
export function latin1FromBytes(bytes: Uint8Array): string {
  let latin1 = ''
  // In slices, since every byte becomes an argument on the stack.
  for (let start = 0; start < bytes.length; start += 8192) {
    latin1 += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return latin1
}

/** The bytes of a text: what {@link textFromLatin1} made it from. Another surrogate without its other half is U+FFFD. */
export function bytesFromText(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return utf8.encode(text)
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00)
    else bytes.push(...utf8.encode(character))
  }
  return Uint8Array.from(bytes)
}

const utf8 = new TextEncoder()
