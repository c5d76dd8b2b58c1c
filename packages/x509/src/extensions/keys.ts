import { type Bytes, contentOf, contextTag, DerReader, elementsOf, soleElement, Tag } from '../der/reader.ts'
import { bitsOf, booleanOf, objectIdentifier, smallInteger } from '../der/values.ts'

/* What a key may do, whose it is, and whether it may sign other certificates. */

/** Whether this is a CA certificate (RFC 5280 section 4.2.1.9). */
export interface BasicConstraints {
  readonly isCa: boolean
  /** How many intermediate certificates may follow; absent: any number. */
  readonly pathLength?: number
}

export function basicConstraintsOf(value: Bytes): BasicConstraints {
  const what = 'basicConstraints'
  const fields = new DerReader(soleElement(value, Tag.sequence, what))
  const ca = fields.optional(Tag.boolean, what)
  const pathLength = fields.optional(Tag.integer, what)
  fields.finish(what)
  return {
    isCa: ca !== undefined && booleanOf(ca, what),
    ...(pathLength !== undefined && { pathLength: smallInteger(pathLength, what) }),
  }
}

/** The permitted uses of a key (RFC 5280 section 4.2.1.3) that decisions depend on. */
export interface KeyUsage {
  readonly keyCertSign: boolean
}

/** Usages of `extKeyUsage` (RFC 5280 section 4.2.1.12). */
export const ExtendedKeyUsage = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** Reads `KeyUsage`. Without any bit set it permits everything, as in Go. */
export function keyUsageOf(value: Bytes): KeyUsage {
  const what = 'keyUsage'
  const { octets } = bitsOf(soleElement(value, Tag.bitString, what), what)
  const [first = 0] = octets
  const isEmpty = octets.every((octet) => octet === 0)
  return { keyCertSign: isEmpty || (first & 0x04) !== 0 }
}

/**
 * Reads `ExtKeyUsage`.
 *
 * Deviation: in Go an empty list permits everything (`docs/deviations.md`, stricter certificates).
 */
export function extendedKeyUsageOf(value: Bytes): readonly string[] {
  const what = 'extKeyUsage'
  const list = soleElement(value, Tag.sequence, what)
  return Array.from(elementsOf(list, Tag.objectIdentifier, what), (usage) => objectIdentifier(usage, what))
}

/** Reads `SubjectKeyIdentifier` (RFC 5280 section 4.2.1.2). */
export function subjectKeyIdentifierOf(value: Bytes): Bytes {
  return contentOf(soleElement(value, Tag.octetString, 'subjectKeyIdentifier'))
}

/** Reads `AuthorityKeyIdentifier` (RFC 5280 section 4.2.1.1). Only the key identifier is used. */
export function authorityKeyIdentifierOf(value: Bytes): { readonly authorityKeyIdentifier?: Bytes } {
  const what = 'authorityKeyIdentifier'
  const fields = new DerReader(soleElement(value, Tag.sequence, what))
  const keyIdentifier = fields.optional(contextTag(0, 'primitive'), what)
  fields.optional(contextTag(1, 'constructed'), what)
  fields.optional(contextTag(2, 'primitive'), what)
  fields.finish(what)
  return keyIdentifier === undefined ? {} : { authorityKeyIdentifier: contentOf(keyIdentifier) }
}
