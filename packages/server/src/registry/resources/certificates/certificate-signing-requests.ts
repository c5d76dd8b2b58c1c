import { type ErrorList, fieldPath, messageOf } from '@kube-authn/core/internal'
import { attributesOf, decide } from '@kube-authn/core/authorization'
import { isBase64 } from '@kube-authn/internal/base64'
import { pathSegmentProblems } from '@kube-authn/internal/kubernetes-names'
import { CERTIFICATE } from '@kube-authn/internal/pem'
import { AttributeType, parseCertificate, valuesOf } from '@kube-authn/x509'
import { pemContents } from '../../../certificates/pem-contents.ts'
import { certificateRequestIn, textOf } from '../../../certificates/certificate-request.ts'
import { SignerName } from '../../../certificates/signer-rules.ts'
import { readFields } from '../../../schema/read-typed.ts'
import { isSameJson, type KubeObject, type Part, partIn } from '../../kube-object.ts'
import { type Change, named, type PartSubresource, type Resource, type Write } from '../../resource.ts'
import { forbidden } from '../../status-errors.ts'
import { AGE, column, durationOf, NAME } from '../columns.ts'
import {
  validateConditions,
  validateDecisions,
  validateRemovals,
  withOldDecisions,
  withTimes,
  certificateOf,
  conditionsOf,
  hasCondition,
  specOf,
  withStatus,
} from './signing-request.ts'
import { validateSpec } from './validate-spec.ts'

const GROUP = 'certificates.k8s.io'
const PLURAL = 'certificatesigningrequests'
const KIND = 'CertificateSigningRequest'

/** Approves or denies: only the conditions are written. */
const approval: PartSubresource = {
  type: 'part',
  name: 'approval',
  prepare(sent, old, { services }) {
    const conditions = withTimes(conditionsOf(sent), conditionsOf(old), services.now())
    return withStatus(old, { conditions, certificate: certificateOf(old) })
  },
  async admit({ object, old = object, ...write }) {
    const { signerName } = specOf(old)
    if (await maySign(write, 'approve', signerName)) return
    throw refusal(old, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`)
  },
}

/** Issues a certificate, or says why there is none. */
const status: PartSubresource = {
  type: 'part',
  name: 'status',
  prepare(sent, old, { services }) {
    const conditions = withOldDecisions(conditionsOf(sent), conditionsOf(old))
    return withStatus(old, {
      conditions: withTimes(conditions, conditionsOf(old), services.now()),
      certificate: certificateOf(sent),
    })
  },
  validateUpdate(object, old, errors) {
    validateDecisions(object, old, errors)
    validateSameCertificate(object, old, errors)
  },
  async admit({ object, old = object, ...write }) {
    const { signerName } = specOf(old)
    if (isSameStatus(object, old) || (await maySign(write, 'sign', signerName))) return
    throw refusal(old, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`)
  },
}

/**
 * Requests for certificates.
 *
 * Source: kubernetes `pkg/registry/certificates/certificates/strategy.go`, `pkg/apis/certificates/validation/validation.go`,
 * `plugin/pkg/admission/certificates`.
 *
 * Deviation: requests are read more strictly (`docs/deviations.md`, certificate requests).
 */
export const certificateSigningRequests: Resource = {
  ...named(KIND, {
    group: GROUP,
    shortNames: ['csr'],
    isNamespaced: false,
    nameProblems: pathSegmentProblems,
  }),
  hasCreator: true,
  read(object, errors) {
    return { spec: {}, status: {}, ...readFields(object, KIND, errors) }
  },
  prepareForCreate: (object, write) => ({ ...object, spec: stamped(object, write), status: {} }),
  prepareForUpdate: (object, old) => ({ ...object, spec: old['spec'], status: old['status'] }),
  async validate(object, errors, old) {
    // Nothing can change it later.
    if (old === undefined) await validateSpec(object, errors)
    validateConditions(object, old, errors)
    validateCertificate(object, old, errors)
  },
  validateUpdate: validateRemovals,
  admit: requireOtherGroup,
  subresources: [approval, status],
  selectableFields: { 'spec.signerName': (object) => specOf(object).signerName },
  columns: [
    NAME,
    AGE,
    column('SignerName', (object) => specOf(object).signerName || '<none>'),
    column('Requestor', (object) => specOf(object).username),
    column('RequestedDuration', requestedDuration),
    column('Condition', conditionSummary),
  ],
}

/** The fields of `spec` that only the server writes. */
const STAMPED: ReadonlySet<string> = new Set(['username', 'uid', 'groups', 'extra'])

/** What is asked for, and who asks. */
function stamped(object: KubeObject, { caller }: Write): Part {
  const fields = Object.entries(partIn(object, 'spec'))
  const asked = Object.fromEntries(fields.filter(([field]) => !STAMPED.has(field)))
  if (caller === undefined) return asked
  const { username, uid, groups, extra } = caller.user
  const entries = Object.entries(extra)
  return {
    ...asked,
    ...(username !== '' && { username }),
    ...(uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(entries.length > 0 && { extra: Object.fromEntries(entries) }),
  }
}

/** Nothing limits what a member of `system:masters` may do. Source: kubernetes `plugin/pkg/admission/certificates/subjectrestriction`. */
function requireOtherGroup({ object, old }: Change): void {
  const { signerName, request } = specOf(object)
  if (old !== undefined || signerName !== SignerName.kubeApiserverClient) return
  const { subject } = certificateRequestIn(request)
  if (!valuesOf(subject, AttributeType.organization).includes('system:masters')) return
  throw refusal(object, `use of ${signerName} signer with system:masters group is not allowed`)
}

function refusal({ metadata }: KubeObject, why: string): Error {
  return forbidden({ group: GROUP, plural: PLURAL }, metadata.name ?? '', why)
}

function isSameStatus(object: KubeObject, old: KubeObject): boolean {
  return isSameJson(conditionsOf(object), conditionsOf(old)) && certificateOf(object) === certificateOf(old)
}

/** Source: kubernetes `pkg/printers/internalversion/printers.go`, also of the next one. */
function requestedDuration(object: KubeObject): string {
  const { expirationSeconds } = specOf(object)
  return expirationSeconds === undefined ? '<none>' : durationOf(expirationSeconds * 1000)
}

function conditionSummary(object: KubeObject): string {
  const decision = hasCondition(object, 'Denied')
    ? 'Denied'
    : hasCondition(object, 'Approved')
      ? 'Approved'
      : 'Pending'
  const failed = hasCondition(object, 'Failed') ? ',Failed' : ''
  return `${decision}${failed}${certificateOf(object) === '' ? '' : ',Issued'}`
}

const PATH = fieldPath('status', 'certificate')

/**
 * Validates the certificate that a signer issued, unless it is the old one, or takes the place of one that is invalid.
 *
 * Source: kubernetes `pkg/apis/certificates/validation/validation.go` validateCertificate.
 */
function validateCertificate(object: KubeObject, old: KubeObject | undefined, errors: ErrorList): void {
  const certificate = certificateOf(object)
  const before = old === undefined ? '' : certificateOf(old)
  if (certificate === before || problemOf(before) !== undefined) return
  const problem = problemOf(certificate)
  if (problem !== undefined) errors.invalid(PATH, '<certificate data>', problem)
}

/** Validates that a certificate which was issued stays. */
function validateSameCertificate(object: KubeObject, old: KubeObject, errors: ErrorList): void {
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

/**
 * Whether the caller may approve or sign requests for a signer: the verb on `signers.certificates.k8s.io` with its name, or with `DOMAIN/*`. The server
 * itself may, and so may every caller if there is no authorizer.
 *
 * Source: kubernetes `pkg/certauthorization/certauthorization.go` IsAuthorizedForSignerName.
 */
async function maySign(
  { caller, services: { authorizer } }: Write,
  verb: 'approve' | 'sign',
  signerName: string,
): Promise<boolean> {
  if (caller === undefined || authorizer === undefined) return true
  const mayFor = async (name: string): Promise<boolean> => {
    const request = { verb, apiGroup: 'certificates.k8s.io', apiVersion: '*', resource: 'signers', name }
    const { verdict } = await decide(authorizer, attributesOf(caller.user, request), caller.context)
    return verdict === 'allow'
  }
  const [domain = ''] = signerName.split('/')
  return (await mayFor(signerName)) || mayFor(`${domain}/*`)
}
