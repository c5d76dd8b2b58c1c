import { branded } from '../brand.ts'

/**
 * What is wrong with a certificate or a chain of them.
 *
 * - `malformed`: it cannot be read as a certificate.
 * - `expired`: it is not valid at this time.
 * - `unknownAuthority`: nobody who is trusted signed it.
 * - `notAuthorizedToSign`: a certificate was used as a CA's that is none.
 * - `signature`: a signature is wrong, or made in a way that is not accepted.
 * - `criticalExtension`: it demands something that is not understood.
 * - `pathLength`, `nameConstraints`, `policy`: a CA signed what another CA forbade it to.
 * - `keyUsage`: it is meant for something else.
 * - `limit`: deciding would take more work than anybody is granted.
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

/** Why a certificate is refused. The message is Go's where Go has one; it never holds bytes of the certificate. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
  readonly code: CertificateErrorCode

  constructor(code: CertificateErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Whether this is a {@link CertificateError}, of this copy of the package or of another. */
export const isCertificateError: (value: unknown) => value is CertificateError = branded(
  CertificateError,
  'CertificateError',
  ({ code, message }) => typeof code === 'string' && typeof message === 'string',
)

/** The certificate cannot be read: `what` is the part of it, `why` what is wrong there. */
export function malformed(what: string, why: string): CertificateError {
  return new CertificateError('malformed', `x509: malformed ${what}: ${why}`)
}

/**
 * A text from a certificate, for an error message: without control characters, so that nobody can forge log lines, and not
 * longer than anybody wants to read.
 */
export function printable(text: string): string {
  const shown = text.length > 128 ? `${text.slice(0, 128)}...` : text
  return shown.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
