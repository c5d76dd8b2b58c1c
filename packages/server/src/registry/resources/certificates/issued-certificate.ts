import { type ErrorList, fieldPath, messageOf } from '@kube-authn/core/internal'
import { isBase64 } from '@kube-authn/internal/base64'
import { CERTIFICATE } from '@kube-authn/internal/pem'
import { parseCertificate } from '@kube-authn/x509'
import { pemContents } from '../../../certificates/pem-contents.ts'
import { textOf } from '../../../certificates/request-pem.ts'
import type { KubeObject } from '../../kube-object.ts'
import { certificateOf } from './signing-request.ts'

const PATH = fieldPath('status', 'certificate')

/**
 * Validates the certificate that a signer issued, unless it is the old one, or takes the place of one that is invalid.
 *
 * Source: kubernetes `pkg/apis/certificates/validation/validation.go` validateCertificate.
 */
export function validateCertificate(
  object: KubeObject,
  old: KubeObject | undefined,
  errors: ErrorList,
): void {
  const certificate = certificateOf(object)
  const before = old === undefined ? '' : certificateOf(old)
  if (certificate === before || problemOf(before) !== undefined) return
  const problem = problemOf(certificate)
  if (problem !== undefined) errors.invalid(PATH, '<certificate data>', problem)
}

/** Validates that a certificate which was issued stays. */
export function validateSameCertificate(object: KubeObject, old: KubeObject, errors: ErrorList): void {
  const before = certificateOf(old)
  if (before !== '' && certificateOf(object) !== before) {
    errors.forbidden(PATH, 'updates may not modify existing certificate content')
  }
}

function problemOf(base64: string): string | undefined {
  if (base64 === '') return undefined
  if (!isBase64(base64)) return 'must be in standard base64'
  let blocks = 0
  for (const { label, hasHeaders, der } of pemContents(textOf(base64))) {
    if (label !== CERTIFICATE)
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`
    if (hasHeaders) return 'no PEM block headers are permitted'
    if (der.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates'
    const problem = certificateProblem(der)
    if (problem !== undefined) return problem
    blocks++
  }
  return blocks === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined
}

function certificateProblem(der: Uint8Array): string | undefined {
  try {
    parseCertificate(der)
    return undefined
  } catch (error) {
    return messageOf(error, 'cannot be read')
  }
}
