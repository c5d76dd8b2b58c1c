/** An attribute of a distinguished name. */
export interface NameAttribute {
  /** As written, in upper case: `CN`, `O`, or an object identifier. */
  readonly type: string
  /** `undefined` if the value is written as hexadecimal bytes, which may be of any type. */
  readonly value: string | undefined
}

/** A longer name is refused unread. */
const MAX_LENGTH = 8192

/**
 * The attributes of a distinguished name in its string form, in the order of the certificate, which the string reverses. `undefined` if
 * the string is malformed.
 *
 * Quoted values, semicolons as separators, and unescaped special characters are not accepted (RFC 1779 had them, but OpenSSL does not
 * write them).
 *
 * Source: RFC 4514 section 3, with the spaces after a comma that RFC 2253 section 4 allows.
 */
export function parseDistinguishedName(text: string): readonly NameAttribute[] | undefined {
  if (text === '') return []
  if (text.length > MAX_LENGTH || !text.isWellFormed()) return undefined
  const attributes: NameAttribute[] = []
  for (let position = 0; ;) {
    const type = matchAt(TYPE, text, position)
    if (type === undefined) return undefined
    position += type.length
    const bytes = matchAt(BYTES, text, position)
    const raw = bytes ?? matchAt(ESCAPED, text, position) ?? ''
    const value = bytes === undefined ? unescaped(raw) : undefined
    if (bytes === undefined && value === undefined) return undefined
    attributes.push({ type: type.slice(0, -1).toUpperCase(), value })
    position += raw.length
    if (position === text.length) return attributes.toReversed()
    const separator = matchAt(SEPARATOR, text, position)
    if (separator === undefined) return undefined
    position += separator.length
  }
}

const TYPE = /(?:[A-Za-z][A-Za-z\d-]*|\d+(?:\.\d+)+)=/y
const BYTES = /#(?:[\dA-Fa-f]{2})+/y
const ESCAPED = /(?:[^"+,;<>\\\0]|\\[ "#+,;<=>\\]|\\[\dA-Fa-f]{2})+/y
const SEPARATOR = /[,+] */y

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf8 = new TextEncoder()

/** Escaped pairs of hexadecimal digits are UTF-8 bytes; other escaped characters stand for themselves. */
function unescaped(raw: string): string | undefined {
  const parts = [...raw.matchAll(/\\[\dA-Fa-f]{2}|\\.|[^\\]/gsu)].map(([part]) => part)
  if (parts[0] === ' ' || parts[0] === '#' || parts.at(-1) === ' ') return undefined
  if (!raw.includes('\\')) return raw
  const bytes = parts.flatMap((part) => {
    if (!part.startsWith('\\')) return [...utf8.encode(part)]
    return part.length === 3 ? [Number.parseInt(part.slice(1), 16)] : [...utf8.encode(part.slice(1))]
  })
  try {
    return strictUtf8.decode(Uint8Array.from(bytes))
  } catch {
    return undefined
  }
}

/** What a sticky pattern matches at this position. */
export function matchAt(sticky: RegExp, text: string, position: number): string | undefined {
  sticky.lastIndex = position
  return sticky.exec(text)?.[0]
}
