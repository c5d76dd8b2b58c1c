/** What a usage of the certificates API is in a certificate: a bit of `keyUsage`, or a purpose of `extKeyUsage`. */
type Meaning = { readonly bit: number } | { readonly purpose: string }

/** Bits of `keyUsage` (RFC 5280 section 4.2.1.3). */
const DIGITAL_SIGNATURE = 1 << 0
const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4'

/** The usages of the certificates API. Purposes are in the order in which Go writes them. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['signing', { bit: DIGITAL_SIGNATURE }],
  ['digital signature', { bit: DIGITAL_SIGNATURE }],
  ['content commitment', { bit: 1 << 1 }],
  ['key encipherment', { bit: 1 << 2 }],
  ['data encipherment', { bit: 1 << 3 }],
  ['key agreement', { bit: 1 << 4 }],
  ['cert sign', { bit: 1 << 5 }],
  ['crl sign', { bit: 1 << 6 }],
  ['encipher only', { bit: 1 << 7 }],
  ['decipher only', { bit: 1 << 8 }],
  ['any', { purpose: '2.5.29.37.0' }],
  ['server auth', { purpose: '1.3.6.1.5.5.7.3.1' }],
  ['client auth', { purpose: '1.3.6.1.5.5.7.3.2' }],
  ['code signing', { purpose: '1.3.6.1.5.5.7.3.3' }],
  ['email protection', { purpose: EMAIL_PROTECTION }],
  ['s/mime', { purpose: EMAIL_PROTECTION }],
  ['ipsec end system', { purpose: '1.3.6.1.5.5.7.3.5' }],
  ['ipsec tunnel', { purpose: '1.3.6.1.5.5.7.3.6' }],
  ['ipsec user', { purpose: '1.3.6.1.5.5.7.3.7' }],
  ['timestamping', { purpose: '1.3.6.1.5.5.7.3.8' }],
  ['ocsp signing', { purpose: '1.3.6.1.5.5.7.3.9' }],
  ['microsoft sgc', { purpose: '1.3.6.1.4.1.311.10.3.3' }],
  ['netscape sgc', { purpose: '2.16.840.1.113730.4.1' }],
])

/** The names of all usages, in order. */
export const USAGES: readonly string[] = [...MEANINGS.keys()].toSorted()

export interface CertificateUsages {
  /** The bits of `keyUsage`, the first one lowest; 0: none. */
  readonly keyUsage: number
  /** Object identifiers in dotted form, each once. */
  readonly extendedKeyUsages: readonly string[]
}

/**
 * What usages of the certificates API are in a certificate.
 *
 * Source: kubernetes `pkg/controller/certificates/authority/policies.go`.
 *
 * @throws {Error} if one is unknown.
 */
export function certificateUsages(usages: readonly string[]): CertificateUsages {
  const unknown = usages.filter((usage) => !MEANINGS.has(usage))
  if (unknown.length > 0) throw new Error(`unrecognized usage values: ${JSON.stringify(unknown)}`)
  const wanted = new Set(usages)
  const meanings = [...MEANINGS].filter(([usage]) => wanted.has(usage)).map(([, meaning]) => meaning)
  return {
    keyUsage: meanings.reduce((bits, meaning) => ('bit' in meaning ? bits | meaning.bit : bits), 0),
    extendedKeyUsages: [
      ...new Set(meanings.flatMap((meaning) => ('purpose' in meaning ? [meaning.purpose] : []))),
    ],
  }
}
