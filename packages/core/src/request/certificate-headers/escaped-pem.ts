import { rejected } from '../../authenticator/errors.ts'
import type { RequestHeaders } from '../request.ts'
import { boundedValue, certificateOfBase64, MAX_CERTIFICATES } from './certificate-bytes.ts'

/**
 * The certificate in a header with the value of nginx's `$ssl_client_escaped_cert`; `undefined` if the header is absent or empty, since
 * the variable is empty without a certificate. nginx provides only the leaf.
 *
 * Source: nginx `ngx_http_ssl_module`.
 *
 * @throws {AuthenticationError} `rejected` if it is not exactly one certificate.
 */
export function readEscapedPem(headers: RequestHeaders, header: string): readonly Uint8Array[] | undefined {
  const values = headers.all(header)
  const [value] = values
  if (value === undefined) return undefined
  if (values.length > 1) throw rejected(`${header} is present more than once`)
  if (value === '') return undefined
  const certificates = certificatesOfEscapedPem(header, boundedValue(header, value))
  if (certificates.length > 1) throw rejected(`${header} has more than one certificate`)
  return certificates
}

const BEGIN = '-----BEGIN CERTIFICATE-----\n'
const END = '-----END CERTIFICATE-----'

/**
 * The certificates of a PEM string that nginx or Envoy percent-encoded for a header. It must contain only certificates: no text around
 * them, no other kind of block, no headers in a block.
 *
 * Source: RFC 3986 section 2.1, RFC 7468 section 5 (strict).
 *
 * @throws {AuthenticationError} `rejected`, without any part of it.
 */
export function certificatesOfEscapedPem(header: string, escaped: string): readonly Uint8Array[] {
  const notPem = (): Error => rejected(`${header} has no certificates in percent-encoded PEM`)
  if (/[^\x21-\x7e]|%(?![0-7][\dA-Fa-f])/.test(escaped)) throw notPem()
  // A plus sign belongs to base64; it does not stand for a space as in forms.
  const pem = escaped
    .replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('\r\n', '\n')

  const certificates: Uint8Array[] = []
  let position = 0
  while (position < pem.length) {
    if (certificates.length === MAX_CERTIFICATES) {
      throw rejected(`${header} has more than ${MAX_CERTIFICATES} certificates`)
    }
    const end = pem.indexOf(END, position)
    if (!pem.startsWith(BEGIN, position) || end === -1) throw notPem()
    const base64 = pem.slice(position + BEGIN.length, end).replaceAll('\n', '')
    certificates.push(certificateOfBase64(header, base64))
    position = end + END.length
    if (position < pem.length && pem[position] !== '\n') throw notPem()
    position++
  }
  if (certificates.length === 0) throw notPem()
  return certificates
}
