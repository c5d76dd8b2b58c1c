import { malformed } from '../errors.ts'

/** Bytes of the type that WebCrypto requires. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Identifier octets (X.690 section 8.1.2) of the types in certificates. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The identifier octet of `[number]`, for a primitive or a constructed value. */
export function contextTag(number: number, form: 'primitive' | 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number
}

/** One DER value: the offsets of its start, its content, and its end. */
export interface DerElement {
  readonly bytes: Bytes
  readonly tag: number
  readonly start: number
  readonly contentStart: number
  readonly end: number
}

/** The content of the element. Shares memory with it. */
export function contentOf(element: DerElement): Bytes {
  return element.bytes.subarray(element.contentStart, element.end)
}

/** The element itself, with identifier and length. Shares memory with it. */
export function derOf(element: DerElement): Bytes {
  return element.bytes.subarray(element.start, element.end)
}

/**
 * Reads a sequence of DER values (X.690 section 10), strictly: definite lengths in their shortest form, low tag numbers, no value that
 * exceeds its parent. It never descends by itself, so nesting costs nothing, and every step advances by at least two bytes.
 */
export class DerReader {
  readonly #bytes: Bytes
  readonly #end: number
  #offset: number

  /** @param within the bytes to read, or an element whose content to read. */
  constructor(within: Bytes | DerElement) {
    if (within instanceof Uint8Array) {
      this.#bytes = within
      this.#offset = 0
      this.#end = within.length
    } else {
      this.#bytes = within.bytes
      this.#offset = within.contentStart
      this.#end = within.end
    }
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#end
  }

  /** The identifier octet of the next value; `undefined` at the end. */
  get nextTag(): number | undefined {
    return this.isAtEnd ? undefined : this.#bytes[this.#offset]
  }

  /** The next value. @throws {CertificateError} at the end, or if it is not DER. */
  next(what: string): DerElement {
    const bytes = this.#bytes
    const start = this.#offset
    if (start + 2 > this.#end) throw malformed(what, 'truncated')
    const tag = bytes[start] ?? 0
    if ((tag & 0x1f) === 0x1f) throw malformed(what, 'high tag number')
    const first = bytes[start + 1] ?? 0
    const contentStart = first < 0x80 ? start + 2 : start + 2 + (first & 0x7f)
    const length = first < 0x80 ? first : this.#longLength(start + 2, contentStart, what)
    const end = contentStart + length
    if (end > this.#end) throw malformed(what, 'runs past its parent')
    this.#offset = end
    return { bytes, tag, start, contentStart, end }
  }

  /** The next value, which must have this tag. */
  required(tag: number, what: string): DerElement {
    const element = this.next(what)
    if (element.tag !== tag) throw malformed(what, 'wrong tag')
    return element
  }

  /** The next value, if it has this tag. */
  optional(tag: number, what: string): DerElement | undefined {
    return this.nextTag === tag ? this.next(what) : undefined
  }

  /** Requires the end of the values. */
  finish(what: string): void {
    if (!this.isAtEnd) throw malformed(what, 'trailing data')
  }

  #longLength(from: number, to: number, what: string): number {
    const octets = to - from
    // Three octets allow 16 MiB, far more than the size limits.
    if (octets === 0 || octets > 3 || to > this.#end) throw malformed(what, 'bad length')
    let length = 0
    for (let index = from; index < to; index++) length = length * 256 + (this.#bytes[index] ?? 0)
    if (length < 0x80 || this.#bytes[from] === 0) throw malformed(what, 'length is not minimal')
    return length
  }
}

/** The only element in these bytes, or in the content of this element. */
export function soleElement(within: Bytes | DerElement, tag: number, what: string): DerElement {
  const reader = new DerReader(within)
  const element = reader.required(tag, what)
  reader.finish(what)
  return element
}

/** The elements of a non-empty `SEQUENCE OF` or `SET OF`, each with this tag. */
export function* elementsOf(list: DerElement, tag: number, what: string): Generator<DerElement, void> {
  const reader = new DerReader(list)
  do yield reader.required(tag, what)
  while (!reader.isAtEnd)
}

/** The fields of each element of a non-empty `SEQUENCE OF SEQUENCE`, all of which must be read. */
export function* sequencesOf(list: DerElement, what: string): Generator<DerReader, void> {
  for (const element of elementsOf(list, Tag.sequence, what)) {
    const fields = new DerReader(element)
    yield fields
    fields.finish(what)
  }
}
