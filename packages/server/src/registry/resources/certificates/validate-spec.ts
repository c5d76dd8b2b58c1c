import { type ErrorList, type FieldPath, fieldPath, isObject, messageOf } from '@kube-authn/core/internal'
import { isBase64 } from '@kube-authn/internal/base64'
import { dns1123LabelProblems, dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import { quoted } from '@kube-authn/internal/quote'
import { verifyCertificateRequest } from '@kube-authn/x509'
import { certificateRequestIn } from '../../../certificates/certificate-request.ts'
import { SignerName } from '../../../certificates/signer-rules.ts'
import { USAGES } from '../../../certificates/usages.ts'
import type { KubeObject } from '../../kube-object.ts'
import { specOf } from './signing-request.ts'

const SPEC = fieldPath('spec')
const MIN_EXPIRATION_SECONDS = 600
const MAX_INT32 = 2_147_483_647

/**
 * Validates what a request asks for, and that its key signed it.
 *
 * Source: kubernetes `pkg/apis/certificates/validation/validation.go` validateCertificateSigningRequest.
 */
export async function validateSpec(object: KubeObject, errors: ErrorList): Promise<void> {
  const { request, usages, signerName } = specOf(object)
  const problem = await requestProblem(request)
  if (problem !== undefined) errors.invalid(SPEC.child('request'), request, problem)
  validateUsages(usages, errors)
  validateSignerName(signerName, SPEC.child('signerName'), errors)
  const sent = isObject(object['spec']) ? object['spec']['expirationSeconds'] : undefined
  if (sent !== undefined) validateExpiration(sent, errors)
}

async function requestProblem(request: string): Promise<string | undefined> {
  if (request !== '' && !isBase64(request)) return 'must be in standard base64'
  try {
    return (await verifyCertificateRequest(certificateRequestIn(request)))?.message
  } catch (error) {
    return messageOf(error, 'cannot be read')
  }
}

function validateUsages(usages: readonly string[], errors: ErrorList): void {
  const path = SPEC.child('usages')
  const known = new Set(USAGES)
  if (usages.length === 0) errors.required(path)
  for (const [index, usage] of usages.entries()) {
    if (!known.has(usage)) errors.notSupported(path.index(index), usage, USAGES)
  }
  const seen = new Set<string>()
  for (const [index, usage] of usages.entries()) {
    if (seen.has(usage)) errors.duplicate(path.index(index), usage)
    seen.add(usage)
  }
}

function validateExpiration(seconds: unknown, errors: ErrorList): void {
  const path = SPEC.child('expirationSeconds')
  if (typeof seconds !== 'number') {
    errors.typeInvalid(path, seconds, 'must be an integer of 32 bits')
  } else if (!Number.isInteger(seconds) || Math.abs(seconds) > MAX_INT32) {
    errors.invalid(path, seconds, 'must be an integer of 32 bits')
  } else if (seconds < MIN_EXPIRATION_SECONDS) {
    errors.invalid(path, seconds, 'may not specify a duration less than 600 seconds (10 minutes)')
  }
}

const MAX_DOMAIN_BYTES = 253
/** A domain, a slash, a namespace, a dot and a name. */
const MAX_SIGNER_NAME_BYTES = 571

/** Source: kubernetes `pkg/apis/certificates/validation/validation.go`, `pkg/apis/core/validation/names.go` ValidateSignerName. */
function validateSignerName(signerName: string, path: FieldPath, errors: ErrorList): void {
  if (signerName === '') {
    errors.required(path)
    return
  }
  if (signerName === SignerName.legacyUnknown) {
    errors.invalid(path, signerName, 'the legacy signerName is not allowed via this API version')
    return
  }
  const [domain = '', name = '', ...rest] = signerName.split('/')
  if (!signerName.includes('/') || rest.length > 0) {
    const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    errors.invalid(path, signerName, form)
    return
  }
  if (domain.length > MAX_DOMAIN_BYTES) errors.tooLong(path, MAX_DOMAIN_BYTES)
  validateLabels(domain, dns1123LabelProblems, path, errors)
  if (!domain.includes('.')) {
    errors.invalid(path, domain, 'should be a domain with at least two segments separated by dots')
  }
  validateLabels(name, dns1123SubdomainProblems, path, errors)
  if (signerName.length > MAX_SIGNER_NAME_BYTES) errors.tooLong(path, MAX_SIGNER_NAME_BYTES)
}

/** Reports the first label that is invalid: more would say the same. */
function validateLabels(
  part: string,
  problemsOf: (label: string) => readonly string[],
  path: FieldPath,
  errors: ErrorList,
): void {
  for (const label of part.split('.')) {
    const problems = problemsOf(label)
    for (const problem of problems)
      errors.invalid(path, part, `validating label ${quoted(label)}: ${problem}`)
    if (problems.length > 0) return
  }
}
