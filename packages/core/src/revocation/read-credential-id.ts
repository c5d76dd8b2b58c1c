import {
  attributeTypeOf,
  certificateIdOf,
  type IssuerAttribute,
  SERIAL_PREFIX,
} from '../authenticator/certificate-id.ts'
import { parseDistinguishedName } from '../request/certificate-headers/distinguished-name.ts'

/**
 * The id of a credential as authenticators write it, also if it names a certificate as OpenSSL prints it: digests and serial numbers with colons, in upper case, with
 * leading zeros.
 *
 * @returns `undefined` if it names a certificate and cannot be read: it would revoke nothing.
 */
export function readCredentialId(id: string): string | undefined {
  const [whole] = /^X509[A-Z\d]*=/i.exec(id) ?? []
  if (whole === undefined) return id
  const rest = id.slice(whole.length)
  switch (whole.toUpperCase()) {
    case DIGEST_PREFIX: {
      const digest = rest.replaceAll(':', '').toLowerCase()
      return /^[\da-f]{64}$/.test(digest) ? DIGEST_PREFIX + digest : undefined
    }
    case SERIAL_PREFIX:
      return readSerialId(rest)
    default:
      return undefined
  }
}

const DIGEST_PREFIX = 'X509SHA256='

function readSerialId(text: string): string | undefined {
  const end = text.indexOf('/')
  const serialNumber = readSerialNumber(end === -1 ? text : text.slice(0, end))
  const written = end === -1 ? undefined : parseDistinguishedName(text.slice(end + 1))
  if (serialNumber === undefined || written === undefined) return undefined
  const attributes: IssuerAttribute[] = []
  for (const { type: name, value } of written) {
    const type = attributeTypeOf(name)
    if (type === undefined || value === undefined) return undefined
    attributes.push({ type, value })
  }
  return attributes.length === 0 ? undefined : certificateIdOf(serialNumber, { attributes })
}

/**
 * Reads the serial number of a certificate, in hexadecimal: `1A2B`, `1a:2b`, `0x1a2b`, `00:1A:2B`. It is never read as decimal.
 *
 * @returns `undefined` if it is none.
 */
export function readSerialNumber(text: string): bigint | undefined {
  const [, digits = ''] = /^(?:0x)?([\dA-Fa-f]+(?::[\dA-Fa-f]+)*)$/.exec(text) ?? []
  const number = digits.replaceAll(':', '')
  return number === '' || number.length > MAX_DIGITS ? undefined : BigInt(`0x${number}`)
}

/** CAs use at most 20 octets (RFC 5280 section 4.1.2.2); some have used more. */
const MAX_DIGITS = 128
