const NON_ASCII = /[^\0-\x7f]/
const NON_LATIN1 = /[^\0-\xff]/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes UTF-8 bytes that were decoded as latin1, one character per byte, as Node does with headers. Some runtimes decode UTF-8
 * themselves: a string with a character above U+00FF is returned unchanged.
 *
 * Invalid bytes stay distinguishable: each of them, but no byte of a valid character next to it, becomes the lone surrogate U+DC00 + byte,
 * which well-formed strings do not contain. So different byte sequences never give the same string (PEP 383).
 *
 * Deviation: Go keeps the bytes (`docs/deviations.md`, invalid UTF-8).
 */
export function textFromLatin1(latin1: string): string {
  if (!NON_ASCII.test(latin1)) return latin1
  if (NON_LATIN1.test(latin1)) return latin1
  const bytes = bytesFromLatin1(latin1)
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return withInvalidBytesApart(bytes)
  }
}

/** The bytes of a string with one character per byte. A loop here and below: iterating is ten times as slow, and any client can send headers. */
export function bytesFromLatin1(latin1: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(latin1.length)
  for (let index = 0; index < latin1.length; index++) bytes[index] = latin1.charCodeAt(index)
  return bytes
}

function withInvalidBytesApart(bytes: Uint8Array): string {
  // No byte becomes more than one code unit.
  const codes = new Uint16Array(bytes.length)
  let length = 0
  let index = 0
  while (index < bytes.length) {
    const lead = bytes[index] ?? 0
    const size = sizeOfCharacter(bytes, index, lead)
    if (size === 0) codes[length++] = 0xdc00 + lead
    else if (size < 4) codes[length++] = codePointAt(bytes, index, lead, size)
    else {
      const offset = codePointAt(bytes, index, lead, size) - 0x10000
      codes[length++] = 0xd800 + (offset >> 10)
      codes[length++] = 0xdc00 + (offset & 0x3ff)
    }
    index += Math.max(size, 1)
  }
  return charactersOf(codes.subarray(0, length))
}

/** The length in bytes of the character that starts here; 0 if none does. Source: Unicode, table 3-7 (well-formed UTF-8). */
function sizeOfCharacter(bytes: Uint8Array, index: number, lead: number): number {
  if (lead < 0x80) return 1
  const size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  if (size === 0 || index + size > bytes.length) return 0
  for (let at = index + 1; at < index + size; at++) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return 0
  }
  const second = bytes[index + 1] ?? 0
  // Not overlong, not a surrogate, not above U+10FFFF.
  if (lead === 0xe0 && second < 0xa0) return 0
  if (lead === 0xed && second > 0x9f) return 0
  if (lead === 0xf0 && second < 0x90) return 0
  return lead === 0xf4 && second > 0x8f ? 0 : size
}

function codePointAt(bytes: Uint8Array, index: number, lead: number, size: number): number {
  if (size === 1) return lead
  // The payload of the lead byte: five, four or three bits.
  let codePoint = lead & (0x7f >> size)
  for (let at = index + 1; at < index + size; at++) codePoint = (codePoint << 6) | ((bytes[at] ?? 0) & 0x3f)
  return codePoint
}

/** One character per byte. */
export function latin1FromBytes(bytes: Uint8Array): string {
  return charactersOf(bytes)
}

function charactersOf(codes: Uint8Array | Uint16Array): string {
  let text = ''
  // In slices, since every code is an argument on the stack.
  for (let start = 0; start < codes.length; start += 8192) {
    text += String(Reflect.apply(String.fromCharCode, undefined, codes.subarray(start, start + 8192)))
  }
  return text
}

/** The bytes of a string: the inverse of {@link textFromLatin1}. Other lone surrogates become U+FFFD. */
export function bytesFromText(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return utf8.encode(text)
  const bytes = new Uint8Array(3 * text.length)
  let length = 0
  let begin = 0
  // Encodes the text between such bytes in one piece: encoding by character is fifty times as slow.
  for (let index = 0; index <= text.length; index++) {
    const isByte = index < text.length && isByteAt(text, index)
    if (!isByte && index < text.length) continue
    if (begin < index) length += utf8.encodeInto(text.slice(begin, index), bytes.subarray(length)).written
    if (isByte) bytes[length++] = text.charCodeAt(index) - 0xdc00
    begin = index + 1
  }
  return bytes.slice(0, length)
}

/** Whether a character stands for an invalid byte: a low surrogate that does not end a pair. */
function isByteAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  if (code < 0xdc80 || code > 0xdcff) return false
  const before = index === 0 ? 0 : text.charCodeAt(index - 1)
  return before < 0xd800 || before > 0xdbff
}

/** Encodes a string with one character per byte, as HTTP libraries expect header values: its original bytes, or its UTF-8. */
export function latin1FromText(text: string): string {
  return NON_ASCII.test(text) ? latin1FromBytes(bytesFromText(text)) : text
}

const utf8 = new TextEncoder()
