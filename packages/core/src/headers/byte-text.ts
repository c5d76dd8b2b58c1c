const NON_ASCII = /[^\0-\x7f]/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The text of bytes that somebody decoded as latin1, one character per byte, as Node does with headers. Some
 * runtimes hand out text: what has a character that is no byte is taken as it is.
 *
 * Bytes that are not UTF-8 stay distinguishable: each byte from 0x80 on becomes the lone surrogate U+DC00 + byte, which
 * no valid text contains. So two different byte sequences are never the same text (PEP 383 has the idea).
 *
 * Deviation: Go keeps the bytes (`docs/deviations.md`, invalid UTF-8).
 */
export function textFromLatin1(latin1: string): string {
  if (!NON_ASCII.test(latin1)) return latin1
  const bytes = bytesFromLatin1(latin1)
  if (bytes === undefined) return latin1
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return withEveryByteApart(bytes)
  }
}

/** A loop, and one below: iterating takes ten times as long, and everybody can send headers. */
function bytesFromLatin1(latin1: string): Uint8Array | undefined {
  const bytes = new Uint8Array(latin1.length)
  for (let index = 0; index < latin1.length; index++) {
    const code = latin1.charCodeAt(index)
    if (code > 0xff) return undefined
    bytes[index] = code
  }
  return bytes
}

function withEveryByteApart(bytes: Uint8Array): string {
  const codes = new Uint16Array(bytes)
  for (let index = 0; index < codes.length; index++) {
    const byte = codes[index] ?? 0
    if (byte >= 0x80) codes[index] = 0xdc00 + byte
  }
  return charactersOf(codes)
}

/** One character per byte. */
export function latin1FromBytes(bytes: Uint8Array): string {
  return charactersOf(bytes)
}

function charactersOf(codes: Uint8Array | Uint16Array): string {
  let text = ''
  // In slices, since every code becomes an argument on the stack.
  for (let start = 0; start < codes.length; start += 8192) {
    text += String(Reflect.apply(String.fromCharCode, undefined, codes.subarray(start, start + 8192)))
  }
  return text
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
