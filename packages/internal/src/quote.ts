const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** The characters that Go escapes with a backslash and a letter or the character itself. */
export const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
])

/**
 * A string in double quotes, as Go's `%q` prints it and Kubernetes' messages contain it. Unprintable characters are escaped, so a name
 * cannot forge a log line.
 *
 * An invalid UTF-8 byte (`byte-text.ts`) is printed as that byte.
 */
export function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  let result = '"'
  for (const character of text) result += NAMED_ESCAPES.get(character) ?? escaped(character)
  return `${result}"`
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20 || code === 0x7f) return `\\x${hexadecimal(code, 2)}`
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hexadecimal(code - 0xdc00, 2)}`
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd'
  if (printable.test(character)) return character
  return code < 0x10000 ? `\\u${hexadecimal(code, 4)}` : `\\U${hexadecimal(code, 8)}`
}

function hexadecimal(code: number, length: number): string {
  return code.toString(16).padStart(length, '0')
}
