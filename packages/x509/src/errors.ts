/**
 * The problem of a certificate or a chain.
 *
 * - `malformed`: it cannot be read as a certificate.
 * - `expired`: it is not valid at this time.
 * - `unknownAuthority`: it was not signed by a trusted authority.
 * - `notAuthorizedToSign`: a certificate that is not a CA certificate was used as one.
 * - `signature`: a signature is invalid, or its algorithm is not accepted.
 * - `criticalExtension`: it has a critical extension that is not supported.
 * - `pathLength`, `nameConstraints`, `policy`: a CA violated a constraint of another CA.
 * - `keyUsage`: it is for another purpose.
 * - `limit`: the verification would exceed a limit.
 *
 * More may be added in a minor version; handle the rest.
 */
export type CertificateErrorCode =
  | 'malformed'
  | 'expired'
  | 'unknownAuthority'
  | 'notAuthorizedToSign'
  | 'signature'
  | 'criticalExtension'
  | 'pathLength'
  | 'nameConstraints'
  | 'policy'
  | 'keyUsage'
  | 'limit'

/** Why a certificate is refused. The message is Go's if Go has one; it never contains bytes of the certificate. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
  readonly code: CertificateErrorCode

  constructor(code: CertificateErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Why a certificate is refused, without the prefix of all messages. */
export function refusal(code: CertificateErrorCode, why: string): CertificateError {
  return new CertificateError(code, `x509: ${why}`)
}

/** The certificate cannot be read: `what` names the part, `why` the problem. */
export function malformed(what: string, why: string): CertificateError {
  return refusal('malformed', `malformed ${what}: ${why}`)
}
