import { rejected } from '../../authenticator/errors.ts'
import type { RequestHeaders } from '../request.ts'
import { boundedValue } from './certificate-bytes.ts'
import { certificatesOfEscapedPem } from './pem-text.ts'

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
