import { malformed } from '../errors.ts'

/** Bytes that WebCrypto takes as they are. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Identifier octets (X.690 section 8.1.2) of what certificates are made of. */
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

/** The identifier octet of `[number]` around a value of its own, or around what makes up a structure. */
export function contextTag(number: number, form: 'primitive' | 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number
}

/** One DER value: where it starts, where its content starts, where it ends. */
export interface DerElement {
  readonly bytes: Bytes
  readonly tag: number
  readonly start: number
  readonly contentStart: number
  readonly end: number
}

/** What is inside the element. Shares memory with it. */
export function contentOf(element: DerElement): Bytes {
  return element.bytes.subarray(element.contentStart, element.end)
}

/** The element itself, with identifier and length. Shares memory with it. */
export function derOf(element: DerElement): Bytes {
  return element.bytes.subarray(element.start, element.end)
}

/**
 * Reads DER values one after the other (X.690 section 10), strictly: definite lengths in their shortest form, low tag numbers,
 * nothing outside its parent. It never descends by itself, so nesting costs nothing, and every step moves on by two bytes at
 * least.
 */
export class DerReader {
  readonly #bytes: Bytes
  readonly #end: number
  #offset: number

  /** @param within the bytes to read, or an element whose content is to be read. */
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

  /** The identifier octet of what comes next; `undefined` at the end. */
  get nextTag(): number | undefined {
    return this.isAtEnd ? undefined : this.#bytes[this.#offset]
  }

  /** Whatever comes next. @throws {CertificateError} at the end, and where this is not DER. */
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

  /** What comes next, which has this tag. */
  required(tag: number, what: string): DerElement {
    const element = this.next(what)
    if (element.tag !== tag) throw malformed(what, 'wrong tag')
    return element
  }

  /** What comes next, if it has this tag. */
  optional(tag: number, what: string): DerElement | undefined {
    return this.nextTag === tag ? this.next(what) : undefined
  }

  /** Nothing may come next. */
  finish(what: string): void {
    if (!this.isAtEnd) throw malformed(what, 'trailing data')
  }

  #longLength(from: number, to: number, what: string): number {
    const octets = to - from
    // Three octets say 16 MiB, far beyond what is read at all.
    if (octets === 0 || octets > 3 || to > this.#end) throw malformed(what, 'bad length')
    let length = 0
    for (let index = from; index < to; index++) length = length * 256 + (this.#bytes[index] ?? 0)
    if (length < 0x80 || this.#bytes[from] === 0) throw malformed(what, 'length is not minimal')
    return length
  }
}

/** The one element that these bytes, or this element's content, consist of. */
export function soleElement(within: Bytes | DerElement, tag: number, what: string): DerElement {
  const reader = new DerReader(within)
  const element = reader.required(tag, what)
  reader.finish(what)
  return element
}

/** The elements of a `SEQUENCE OF` or `SET OF`, which has at least one, each of this tag. */
export function* elementsOf(list: DerElement, tag: number, what: string): Generator<DerElement, void> {
  const reader = new DerReader(list)
  do yield reader.required(tag, what)
  while (!reader.isAtEnd)
}
