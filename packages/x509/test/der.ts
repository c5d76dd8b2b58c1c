/*
 * Writes DER, well-formed or not, for tests of what reads it.
 */

/** Bytes in hexadecimal, spaces allowed. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replaceAll(' ', '')
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  )
}

/** All in a row. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Identifier, length, content. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = concat(...contents)
  return concat(Uint8Array.of(tag, ...lengthOctets(content.length)), content)
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  tlv(0x30, ...contents)
export const set = (...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => tlv(0x31, ...contents)
export const octetString = (content: Uint8Array): Uint8Array<ArrayBuffer> => tlv(0x04, content)
export const bitString = (content: Uint8Array, unusedBits = 0): Uint8Array<ArrayBuffer> =>
  tlv(0x03, Uint8Array.of(unusedBits), content)
export const boolean = (value: boolean): Uint8Array<ArrayBuffer> => tlv(0x01, Uint8Array.of(value ? 0xff : 0))
export const nothing: Uint8Array<ArrayBuffer> = tlv(0x05)
/** `[number]` around one or more values. */
export const explicit = (number: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  tlv(0xa0 | number, ...contents)
/** `[number]` instead of a tag. */
export const implicit = (number: number, content: Uint8Array): Uint8Array<ArrayBuffer> =>
  tlv(0x80 | number, content)

/** A string of whatever type, in UTF-8. */
export const text = (tag: number, value: string): Uint8Array<ArrayBuffer> =>
  tlv(tag, new TextEncoder().encode(value))

/** A number that is not negative. */
export function integer(value: number | bigint): Uint8Array<ArrayBuffer> {
  const digits = value.toString(16)
  const octets = hex(digits.length % 2 === 0 ? digits : `0${digits}`)
  return tlv(0x02, (octets[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), octets) : octets)
}

/** An object identifier in dotted form. */
export function oid(dotted: string): Uint8Array<ArrayBuffer> {
  const [root = 0n, second = 0n, ...arcs] = dotted.split('.').map(BigInt)
  return tlv(0x06, Uint8Array.from([root * 40n + second, ...arcs].flatMap(base128)))
}

function base128(arc: bigint): readonly number[] {
  const octets = [Number(arc & 0x7fn)]
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80)
  return octets
}
