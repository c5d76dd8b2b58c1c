import { type Bytes, Tag } from '@kube-authn/x509'

/** Strings in certificates: identifier octets that {@link Tag} does not have. */
export const StringTag = { utf8: 0x0c, printable: 0x13, ia5: 0x16 } as const

/** An element of DER (X.690 section 10): its identifier octet, its length in the shortest form, and its content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Bytes {
  const octets = content.flatMap((part) => [...part])
  return Uint8Array.from([tag, ...lengthOctets(octets.length), ...octets])
}

/** A sequence. */
export function sequence(...content: readonly Uint8Array[]): Bytes {
  return element(Tag.sequence, ...content)
}

/** A number that is not negative, from its octets; leading zeros are left out. */
export function unsigned(octets: Uint8Array): Bytes {
  const first = octets.findIndex((octet) => octet !== 0)
  const significant = first < 0 ? new Uint8Array(1) : octets.subarray(first)
  const isNegative = (significant[0] ?? 0) >= 0x80
  return element(Tag.integer, new Uint8Array(isNegative ? 1 : 0), significant)
}

/** An object identifier in dotted form, with arcs of any size. @throws {Error} if it is none. */
export function identifier(dotted: string): Bytes {
  if (!/^(?:[01]\.[1-3]?\d|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/.test(dotted)) {
    throw new Error('is not an object identifier')
  }
  const [root = 0n, second = 0n, ...arcs] = dotted.split('.').map(BigInt)
  return element(Tag.objectIdentifier, Uint8Array.from([root * 40n + second, ...arcs].flatMap(base128)))
}

/** Whole octets as a string of bits. */
export function bitString(octets: Uint8Array): Bytes {
  return element(Tag.bitString, new Uint8Array(1), octets)
}

/** A list of named bits, the first one lowest: without the trailing zeros (X.690 section 11.2.2). */
export function namedBits(bits: number): Bytes {
  const length = 32 - Math.clz32(bits)
  const octets = new Uint8Array(Math.ceil(length / 8))
  for (let bit = 0; bit < length; bit++) {
    if ((bits >> bit) & 1) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  }
  return element(Tag.bitString, Uint8Array.of(octets.length * 8 - length), octets)
}

/** A time in seconds, in the form of its year (RFC 5280 section 4.1.2.5). */
export function time(date: Date): Bytes {
  const digits = `${date.toISOString().replaceAll(/\.\d+Z$|[-:T]/g, '')}Z`
  const isShort = date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050
  return isShort ? text(Tag.utcTime, digits.slice(2)) : text(Tag.generalizedTime, digits)
}

/** A string, of which the characters must be those of its type. */
export function text(tag: number, value: string): Bytes {
  return element(tag, new TextEncoder().encode(value))
}

/** One part of a name, with its value in DER. */
export interface WrittenAttribute {
  /** An object identifier in dotted form. */
  readonly type: string
  readonly value: Uint8Array
}

/** A name in DER (RFC 5280 section 4.1.2.4). Each attribute is an RDN of its own. */
export function nameOf(attributes: readonly WrittenAttribute[]): Bytes {
  return sequence(...attributes.map(({ type, value }) => element(Tag.set, sequence(identifier(type), value))))
}

/** As Go writes it: a PrintableString if that has all characters. */
export function directoryString(value: string): Bytes {
  return text(/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? StringTag.printable : StringTag.utf8, value)
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff)
  return [0x80 | octets.length, ...octets]
}

function base128(arc: bigint): readonly number[] {
  const octets = [Number(arc & 0x7fn)]
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80)
  return octets
}
