import { isSameBytes } from '@kube-authn/internal/bytes'
import { printable } from '@kube-authn/internal/printable'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { Certificate } from '../certificate.ts'
import { CertificateError, refusal } from '../errors.ts'
import { ExtendedKeyUsage } from '../extensions/extensions.ts'
import { AttributeType, valuesOf } from '../name.ts'
import type { CertificatePool } from '../pool/certificate-pool.ts'
import { type Budget, newBudget } from './budget.ts'
import { satisfiesExplicitPolicy } from './explicit-policy.ts'
import { checkNameConstraints } from './name-constraints.ts'
import { checkSignature } from './signature.ts'
import { checkLeafKey } from './verification-key.ts'

/** Options of `verifyCertificateChain`. */
export interface VerifyOptions {
  readonly leaf: Certificate
  /** The certificates presented with the leaf, in any order. */
  readonly intermediates: CertificatePool
  /** The trusted certificates. */
  readonly roots: CertificatePool
  /** The time of the verification, in milliseconds since the epoch. */
  readonly nowMs: number
  /** Object identifiers of `extKeyUsage`, one of which must be allowed. Default `clientAuth`; an empty list: any. */
  readonly keyUsages?: readonly string[]
}

/** The certificates from the leaf to a trusted one. */
export type CertificateChain = readonly [leaf: Certificate, ...issuers: Certificate[]]

/**
 * Finds a chain from a certificate to a trusted one (RFC 5280 section 6). Tries all possible paths, trusted issuers first. A leaf that is
 * itself trusted is a chain.
 *
 * It makes no network calls: revocation is not checked, and missing issuers are not fetched. Host names are ignored.
 *
 * Source: Go `crypto/x509/verify.go` (`Verify`). `docs/x509.md` lists what this refuses but Go accepts.
 *
 * @returns the first valid chain. Go returns all, but callers use only the leaf.
 * @throws {CertificateError} if there is none.
 * @throws {TypeError} if `nowMs` is not a number, for example in JavaScript without it.
 * @example
 * const [leaf] = await verifyCertificateChain({
 *   leaf: parseCertificate(der),
 *   intermediates: certificatePoolOf([]),
 *   roots: certificatePool(pem),
 *   nowMs: Date.now(),
 * })
 */
export async function verifyCertificateChain(options: VerifyOptions): Promise<CertificateChain> {
  const { leaf, roots, nowMs, keyUsages = [ExtendedKeyUsage.clientAuth] } = options
  // Comparisons with `NaN` are false, so nothing would be expired.
  if (!Number.isFinite(nowMs)) throw new TypeError('nowMs: must be a number of milliseconds since the epoch')
  const problem = checkCertificate(leaf, nowMs) ?? checkLeafKey(leaf.publicKey)
  if (problem !== undefined) throw problem
  const search: Search = { ...options, keyUsages, budget: newBudget(), unusable: undefined }
  const result = roots.contains(leaf) ? acceptChain([leaf], search) : await findChain([leaf], leaf, search)
  if (result instanceof CertificateError) throw search.unusable ?? result
  return result
}

interface Search extends Required<VerifyOptions> {
  readonly budget: Budget
  /** Why a chain that reached a root was refused. This is more informative than why other paths ended. */
  unusable: CertificateError | undefined
}

/** Extends a chain from its last certificate. The depth is bounded, since no certificate occurs twice in a chain. */
async function findChain(
  chain: CertificateChain,
  last: Certificate,
  search: Search,
): Promise<CertificateChain | CertificateError> {
  let hint: { readonly problem: CertificateError; readonly issuer: Certificate } | undefined
  let failure: CertificateError | undefined
  for (const { issuer, place } of candidates(last, search)) {
    if (issuer.publicKey.kind === 'other' || isInChain(issuer, chain)) continue
    search.budget.spendSignatureCheck()
    const unsigned = await checkSignature(last, issuer)
    if (unsigned !== undefined) {
      hint ??= { problem: unsigned, issuer }
      continue
    }
    failure = checkAuthority(issuer, place, chain, search.nowMs, search.budget)
    if (failure !== undefined) {
      hint ??= { problem: failure, issuer }
      continue
    }
    const longer: CertificateChain = [...chain, issuer]
    const result = place === 'root' ? acceptChain(longer, search) : await findChain(longer, issuer, search)
    if (!(result instanceof CertificateError)) return result
    failure = result
  }
  return failure ?? unknownAuthority(hint)
}

function* candidates(
  child: Certificate,
  { roots, intermediates }: Search,
): Generator<{ readonly issuer: Certificate; readonly place: 'root' | 'intermediate' }, void> {
  for (const issuer of roots.possibleIssuers(child)) yield { issuer, place: 'root' }
  for (const issuer of intermediates.possibleIssuers(child)) yield { issuer, place: 'intermediate' }
}

/** Whether the same CA is in the chain: with the same name, key, and alternative names. */
function isInChain(candidate: Certificate, chain: CertificateChain): boolean {
  return chain.some(
    (certificate) =>
      isSameBytes(certificate.subject.der, candidate.subject.der) &&
      isSameBytes(certificate.publicKey.spki, candidate.publicKey.spki) &&
      hasSameAltName(certificate, candidate),
  )
}

function hasSameAltName(one: Certificate, other: Certificate): boolean {
  const [a, b] = [one.extensions.subjectAltName?.der, other.extensions.subjectAltName?.der]
  return a === undefined || b === undefined ? a === b : isSameBytes(a, b)
}

function acceptChain(chain: CertificateChain, search: Search): CertificateChain | CertificateError {
  const problem = !permitsKeyUsage(chain, search.keyUsages)
    ? refusal('keyUsage', 'certificate specifies an incompatible key usage')
    : !satisfiesExplicitPolicy(chain)
      ? refusal('policy', 'no valid chains built: invalid policies')
      : undefined
  if (problem === undefined) return chain
  return (search.unusable ??= problem)
}

function unknownAuthority(
  hint: { readonly problem: CertificateError; readonly issuer: Certificate } | undefined,
): CertificateError {
  const message = 'certificate signed by unknown authority'
  if (hint === undefined) return refusal('unknownAuthority', message)
  const { subject, serialNumber } = hint.issuer
  const commonName = valuesOf(subject, AttributeType.commonName).at(-1) ?? ''
  const [organization = ''] = valuesOf(subject, AttributeType.organization)
  const shown = [commonName, organization].find((name) => name !== '') ?? `serial:${serialNumber}`
  return refusal(
    'unknownAuthority',
    `${message} (possibly because of "${hint.problem.message}" while trying to verify candidate authority certificate "${printable(shown)}")`,
  )
}

/** The checks for every certificate of a chain: valid at this time, and without unsupported critical extensions. */
function checkCertificate(certificate: Certificate, nowMs: number): CertificateError | undefined {
  const { notBeforeMs, notAfterMs, extensions } = certificate
  if (extensions.unhandledCritical.length > 0) {
    return refusal('criticalExtension', 'unhandled critical extension')
  }
  if (nowMs < notBeforeMs) return expired(`${rfc3339Of(nowMs)} is before ${rfc3339Of(notBeforeMs)}`)
  if (nowMs > notAfterMs) return expired(`${rfc3339Of(nowMs)} is after ${rfc3339Of(notAfterMs)}`)
  return undefined
}

/**
 * The checks for a certificate that signed the last one of a chain: valid, a CA certificate, with constraints that the chain satisfies.
 *
 * Source: RFC 5280 section 6.1, Go `crypto/x509/verify.go` (`isValid`).
 *
 * @param below the chain so far, leaf first.
 * @throws {CertificateError} `limit` if the budget is exceeded.
 */
function checkAuthority(
  authority: Certificate,
  place: 'root' | 'intermediate',
  below: readonly Certificate[],
  nowMs: number,
  budget: Budget,
): CertificateError | undefined {
  const problem = checkCertificate(authority, nowMs)
  if (problem !== undefined) return problem
  const { nameConstraints, basicConstraints } = authority.extensions
  const outside = nameConstraints && checkNameConstraints(nameConstraints, below, budget)
  if (outside !== undefined) return outside
  if (place === 'intermediate' && basicConstraints?.isCa !== true) {
    return refusal('notAuthorizedToSign', 'certificate is not authorized to sign other certificates')
  }
  const { pathLength } = basicConstraints ?? {}
  // The leaf does not count. Self-issued certificates do, as in Go.
  if (pathLength !== undefined && below.length - 1 > pathLength) {
    return refusal('pathLength', 'too many intermediates for path length constraint')
  }
  return undefined
}

/**
 * Whether a chain may be used for at least one of the purposes. Each certificate that names purposes, including the root, excludes all
 * others for itself and the certificates below it.
 *
 * Source: Go `crypto/x509/verify.go` (`checkChainForKeyUsage`).
 *
 * @param keyUsages object identifiers; if empty or with `any`, every chain is permitted.
 */
function permitsKeyUsage(chain: readonly Certificate[], keyUsages: readonly string[]): boolean {
  if (keyUsages.length === 0 || keyUsages.includes(ExtendedKeyUsage.any)) return true
  const named = chain
    .map(({ extensions }) => extensions.extendedKeyUsage)
    .filter((usages) => usages !== undefined && !usages.includes(ExtendedKeyUsage.any))
  return keyUsages.some((wanted) => named.every((usages) => usages?.includes(wanted)))
}

function expired(currentTime: string): CertificateError {
  return refusal('expired', `certificate has expired or is not yet valid: current time ${currentTime}`)
}
