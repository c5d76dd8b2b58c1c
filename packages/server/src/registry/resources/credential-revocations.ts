import { type ErrorList, fieldPath, isObject } from '@kube-authn/core/internal'
import { type Revocation, revocationProblems } from '@kube-authn/core/revocation'
import { dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { readFields } from '../../schema/read-fields.ts'
import type { KubeObject } from '../kube-object.ts'
import type { Resource, Write } from '../resource.ts'
import { AGE, NAME } from './columns.ts'

const SPEC = fieldPath('spec')
/** Of the characters of a reason. */
export const MAX_REASON = 1024

/**
 * Revocations of credentials. What one revokes cannot be changed, only taken back by deleting it; it ends by itself at its `expirationTime`.
 *
 * Deviation: Kubernetes has no such resource (`docs/deviations.md`, revocation).
 */
export const credentialRevocations: Resource = {
  group: 'authentication.kube-authn.dev',
  version: 'v1',
  kind: 'CredentialRevocation',
  plural: 'credentialrevocations',
  singular: 'credentialrevocation',
  shortNames: ['credrev'],
  categories: [],
  isNamespaced: false,
  hasCreator: true,
  nameProblems: dns1123SubdomainProblems,
  read: (object, errors) => readFields(object, 'CredentialRevocation', errors),
  prepareForCreate: (object, write) => ({ ...object, spec: stamped(object, write) }),
  prepareForUpdate: (object, old) => ({
    ...object,
    spec: { ...specOf(object), revokedBy: specOf(old)['revokedBy'] },
  }),
  validate: validateSpec,
  validateCreate(object, nowMs, errors) {
    const { expiresAtMs } = revocationOf(object)
    if (expiresAtMs === undefined || expiresAtMs > nowMs) return
    const given = textIn(specOf(object), 'expirationTime')
    errors.invalid(SPEC.child('expirationTime'), given, 'must be in the future: it would revoke nothing')
  },
  validateUpdate(object, old, errors) {
    if (sameText(specOf(object)) !== sameText(specOf(old))) {
      errors.forbidden(SPEC, 'cannot be changed: delete the revocation and create another one')
    }
  },
  lifetime(object) {
    const { expiresAtMs } = revocationOf(object)
    return expiresAtMs === undefined ? undefined : { expiresAtMs }
  },
  columns: [
    NAME,
    { name: 'Revokes', type: 'string', cell: (object) => subjectOf(specOf(object)) },
    {
      name: 'Issued Before',
      type: 'string',
      cell: (object) => textIn(specOf(object), 'issuedBefore') || '<any>',
    },
    { name: 'Ends', type: 'string', cell: (object) => textIn(specOf(object), 'expirationTime') || '<never>' },
    { name: 'Revoked By', type: 'string', cell: (object) => textIn(specOf(object), 'revokedBy') },
    AGE,
    { name: 'Reason', type: 'string', priority: 1, cell: (object) => textIn(specOf(object), 'reason') },
  ],
}

/** What an object revokes, as the list of the core has it. */
export function revocationOf(object: KubeObject): Revocation {
  const spec = specOf(object)
  const [credentialId, tokenSha256, user] = ['credentialID', 'tokenSHA256', 'user'].map((name) =>
    textIn(spec, name),
  )
  const [issuedBeforeMs, expiresAtMs] = ['issuedBefore', 'expirationTime'].map((name) => timeIn(spec, name))
  const { attribute } = spec
  return {
    ...(credentialId !== '' && credentialId !== undefined && { credentialId }),
    ...(tokenSha256 !== '' && tokenSha256 !== undefined && { tokenSha256 }),
    ...(user !== '' && user !== undefined && { user }),
    ...(issuedBeforeMs !== undefined && { issuedBeforeMs }),
    ...(isObject(attribute) && {
      attribute: { key: textIn(attribute, 'key'), value: textIn(attribute, 'value') },
    }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  }
}

function validateSpec(object: KubeObject, errors: ErrorList): void {
  const spec = specOf(object)
  if (textIn(spec, 'reason').length > MAX_REASON) errors.tooLong(SPEC.child('reason'), MAX_REASON)
  const { attribute } = spec
  if (isObject(attribute) && textIn(attribute, 'value') === '') {
    errors.required(SPEC.child('attribute').child('value'))
    return
  }
  for (const { path, message } of revocationProblems(revocationOf(object))) {
    const [name = '', ...more] = path.split('.')
    const field = FIELDS.get(name)
    if (field === undefined) errors.invalid(SPEC, '', ONE_SUBJECT)
    else
      errors.invalid(
        more.reduce((at, each) => at.child(each), SPEC.child(field)),
        '',
        message,
      )
  }
}

const ONE_SUBJECT = 'must have one of credentialID, tokenSHA256, user and attribute'

/** What the fields of the API are called in the core. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['credentialId', 'credentialID'],
  ['tokenSha256', 'tokenSHA256'],
  ['user', 'user'],
  ['attribute', 'attribute'],
  ['issuedBeforeMs', 'issuedBefore'],
  ['expiresAtMs', 'expirationTime'],
])

/** Who revokes is known from the request, whatever was sent. */
function stamped(object: KubeObject, { caller }: Write): Readonly<Record<string, unknown>> {
  const { revokedBy: _, ...spec } = specOf(object)
  return caller === undefined ? spec : { ...spec, revokedBy: caller.user.username }
}

function subjectOf(spec: Readonly<Record<string, unknown>>): string {
  const { attribute } = spec
  if (isObject(attribute)) return `${textIn(attribute, 'key')}=${textIn(attribute, 'value')}`
  const user = textIn(spec, 'user')
  if (user !== '') return `user ${user}`
  const digest = textIn(spec, 'tokenSHA256')
  return digest === '' ? textIn(spec, 'credentialID') : `token ${digest.slice(0, 12)}...`
}

function specOf({ spec }: KubeObject): Readonly<Record<string, unknown>> {
  return isObject(spec) ? spec : {}
}

function textIn(object: Readonly<Record<string, unknown>>, name: string): string {
  const value = object[name]
  return typeof value === 'string' ? value : ''
}

function timeIn(object: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const text = textIn(object, name)
  return text === '' ? undefined : timeOfRfc3339(text)
}

/** The same text for the same fields, whatever their order. */
function sameText(spec: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(spec).filter(([, value]) => value !== undefined)
  return JSON.stringify(given.toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
