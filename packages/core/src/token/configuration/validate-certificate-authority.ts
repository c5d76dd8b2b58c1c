import type { ErrorList } from '../../internal/field/errors.ts'
import type { FieldPath } from '../../internal/field/path.ts'
import { certificatePool, CertificateError } from '@kube-authn/x509'

/** Validates the CA certificates of an issuer. Errors contain no byte of them. */
export function validateCertificateAuthority(pem: string, path: FieldPath, errors: ErrorList): void {
  if (pem === '') return
  try {
    certificatePool(pem)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    errors.invalid(path, '<omitted>', error.message.replace(/^x509: (?=data does not)/, ''))
  }
}
