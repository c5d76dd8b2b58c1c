import { type Bytes, elementsOf, soleElement, Tag } from '../der/reader.ts'
import { bitsOf, objectIdentifier } from '../der/values.ts'

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
