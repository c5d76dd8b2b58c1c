/** A distinguished name, as parsed from a certificate or from its string form. */
export interface IssuerName {
  readonly attributes: readonly IssuerAttribute[]
}

/** An attribute of a name. */
export interface IssuerAttribute {
  /** An object identifier in dotted form. */
  readonly type: string
  readonly value: string
}

/** What the ids of certificates by their number begin with. */
export const SERIAL_PREFIX = 'X509SERIAL='

/**
 * The id of a certificate by its serial number, which is unique for one issuer only: `X509SERIAL=1a2b/CN=users ca,O=example`. The number is in lower-case hexadecimal
 * without leading zeros. The name has its attributes in one order, and its values without differences of case and white space: a revocation must not miss a certificate
 * because a name was written otherwise.
 *
 * Source: RFC 5280 section 4.1.2.2, RFC 4514 section 2, RFC 4518 section 2.
 */
export function certificateIdOf(serialNumber: bigint, { attributes }: IssuerName): string {
  const name = attributes.map(({ type, value }) => `${shortNameOf(type)}=${escaped(comparable(value))}`)
  return `${SERIAL_PREFIX}${serialNumber.toString(16)}/${name.toSorted().join(',')}`
}

function comparable(value: string): string {
  return value.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

function escaped(value: string): string {
  return value.replaceAll(/[\\"+,;<=>#]/g, String.raw`\$&`).replaceAll('\0', String.raw`\00`)
}

/** The names that OpenSSL writes, with their object identifiers (RFC 4514 section 3, RFC 4519). */
const SHORT_NAMES: readonly (readonly [name: string, type: string])[] = [
  ['CN', '2.5.4.3'],
  ['SN', '2.5.4.4'],
  ['SERIALNUMBER', '2.5.4.5'],
  ['C', '2.5.4.6'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['STREET', '2.5.4.9'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['TITLE', '2.5.4.12'],
  ['GN', '2.5.4.42'],
  ['DNQUALIFIER', '2.5.4.46'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['EMAILADDRESS', '1.2.840.113549.1.9.1'],
]

function shortNameOf(type: string): string {
  return SHORT_NAMES.find(([, known]) => known === type)?.[0] ?? type
}

/** The object identifier of a type in upper case, as written in a name; `undefined` if it is not known. */
export function attributeTypeOf(written: string): string | undefined {
  if (/^\d+(?:\.\d+)+$/.test(written)) return written
  return SHORT_NAMES.find(([name]) => name === written)?.[1]
}
