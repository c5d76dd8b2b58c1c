import { hexOf } from '@kube-authn/internal/bytes'
import { malformed } from '../errors.ts'
import { type Bytes, contentOf, type DerElement, DerReader, Tag } from './reader.ts'
import { latin1FromBytes } from '@kube-authn/internal/byte-text'

/** A `BOOLEAN` (X.690 sections 8.2 and 11.1). */
export function booleanOf(element: DerElement, what: string): boolean {
  const content = contentOf(element)
  const [value] = content
  if (element.tag !== Tag.boolean || content.length !== 1 || (value !== 0 && value !== 0xff)) {
    throw malformed(what, 'bad BOOLEAN')
  }
  return value === 0xff
}

/** The octets of an `INTEGER` in its shortest form (X.690 section 8.3): two's complement, big-endian. */
export function integerOctets(element: DerElement, what: string): Bytes {
  const content = contentOf(element)
  const [first, second = 0] = content
  if (element.tag !== Tag.integer || first === undefined) throw malformed(what, 'bad INTEGER')
  const isPadded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)
  if (content.length > 1 && isPadded) throw malformed(what, 'INTEGER is not minimal')
  return content
}

/** The octets of a non-negative `INTEGER`, without a leading zero; none for 0. */
export function unsignedOctets(element: DerElement, what: string): Bytes {
  return magnitude(integerOctets(element, what), what)
}

/** The number of these octets. */
export function unsignedNumber(octets: Bytes): bigint {
  return BigInt(`0x0${hexOf(octets)}`)
}

/** An `INTEGER` from 0 to 2,147,483,647. */
export function smallInteger(element: DerElement, what: string): number {
  return smallNumber(integerOctets(element, what), what)
}

/** The content of an implicitly tagged `INTEGER` from 0 to 2,147,483,647. */
export function smallImplicitInteger(element: DerElement, what: string): number {
  return smallNumber(integerOctets({ ...element, tag: Tag.integer }, what), what)
}

function smallNumber(octets: Bytes, what: string): number {
  if (octets.length > 4) throw malformed(what, 'INTEGER is too large')
  return magnitude(octets, what).reduce((number, octet) => number * 256 + octet, 0)
}

function magnitude(octets: Bytes, what: string): Bytes {
  const [first = 0] = octets
  if (first >= 0x80) throw malformed(what, 'INTEGER is negative')
  return first === 0 ? octets.subarray(1) : octets
}

/** A `BIT STRING` (X.690 sections 8.6 and 11.2): the octets and the number of unused bits in the last one. */
export function bitsOf(
  element: DerElement,
  what: string,
): { readonly octets: Bytes; readonly unusedBits: number } {
  const content = contentOf(element)
  const [unusedBits] = content
  const last = content.at(-1) ?? 0
  if (element.tag !== Tag.bitString || unusedBits === undefined || unusedBits > 7) {
    throw malformed(what, 'bad BIT STRING')
  }
  if (content.length === 1 ? unusedBits > 0 : (last & ((1 << unusedBits) - 1)) !== 0) {
    throw malformed(what, 'bad BIT STRING padding')
  }
  return { octets: content.subarray(1), unusedBits }
}

/** A `BIT STRING` of whole octets. */
export function wholeOctets(element: DerElement, what: string): Bytes {
  const { octets, unusedBits } = bitsOf(element, what)
  if (unusedBits > 0) throw malformed(what, 'not whole octets')
  return octets
}

/** Real object identifiers have less than 20 octets. */
const MAX_OID_OCTETS = 64

/** An `OBJECT IDENTIFIER` in dotted form (X.690 section 8.19). */
export function objectIdentifier(element: DerElement, what: string): string {
  const content = contentOf(element)
  const last = content.at(-1)
  if (element.tag !== Tag.objectIdentifier || last === undefined || last >= 0x80) {
    throw malformed(what, 'bad OBJECT IDENTIFIER')
  }
  if (content.length > MAX_OID_OCTETS) throw malformed(what, 'OBJECT IDENTIFIER is too long')
  const arcs: (number | bigint)[] = []
  let arc: number | bigint = 0
  let isFirstOctet = true
  for (const octet of content) {
    if (isFirstOctet && octet === 0x80) throw malformed(what, 'OBJECT IDENTIFIER is not minimal')
    // Arcs have no upper limit: they can be UUIDs (X.667).
    if (typeof arc === 'number' && arc < 2 ** 45) arc = arc * 128 + (octet & 0x7f)
    else arc = BigInt(arc) * 128n + BigInt(octet & 0x7f)
    isFirstOctet = octet < 0x80
    if (!isFirstOctet) continue
    arcs.push(arc)
    arc = 0
  }
  return dotted(arcs)
}

/** The first two arcs are one number: 40 times the first, plus the second. */
function dotted([first = 0, ...others]: readonly (number | bigint)[]): string {
  const root = first < 40 ? 0 : first < 80 ? 1 : 2
  const second = typeof first === 'number' ? first - root * 40 : first - 80n
  return [root, second, ...others].join('.')
}

const TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/

/**
 * Parses a `Time` in the only form allowed in certificates: with seconds, without fractions, with `Z` (RFC 5280 section 4.1.2.5).
 *
 * @returns milliseconds since the epoch.
 */
export function timeOf(element: DerElement, what: string): number {
  const [, year, month, day, hours, minutes, seconds] = TIME.exec(timeText(element)) ?? []
  if (seconds === undefined) throw malformed(what, 'bad time')
  const wanted = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.000Z`
  const time = Date.parse(wanted)
  // `Date.parse` turns an impossible date, such as February 30, into another one.
  if (Number.isNaN(time) || new Date(time).toISOString() !== wanted) throw malformed(what, 'no such time')
  return time
}

/** The text of a `Time` with the whole year; `''` for another type, or if it is too long. */
function timeText(element: DerElement): string {
  const text = element.end - element.contentStart > 15 ? '' : latin1FromBytes(contentOf(element))
  if (element.tag === Tag.generalizedTime) return text
  if (element.tag !== Tag.utcTime) return ''
  return `${text < '50' ? '20' : '19'}${text}`
}

/** The type and the parameters of an `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2). */
export function algorithmIdentifier(
  element: DerElement,
  what: string,
): { readonly type: string; readonly parameters: DerElement | undefined } {
  const fields = new DerReader(element)
  const type = objectIdentifier(fields.next(what), what)
  const parameters = fields.isAtEnd ? undefined : fields.next(what)
  fields.finish(what)
  return { type, parameters }
}

export function isNull({ tag, contentStart, end }: DerElement): boolean {
  return tag === Tag.null && end === contentStart
}
