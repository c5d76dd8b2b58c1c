import { defined, type ErrorList, fieldPath, isObject } from '@kube-authn/core/internal'
import { type Revocation, revocationProblems } from '@kube-authn/core/revocation'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { readFields } from '../../schema/read-typed.ts'
import { isSameJson, type KubeObject, type Part, partIn, stringIn } from '../kube-object.ts'
import { named, type Resource } from '../resource.ts'
import { AGE, column, NAME, wide } from './columns.ts'

const SPEC = fieldPath('spec')
/** Of the characters of a reason. */
export const MAX_REASON = 1024

/**
 * Revocations of credentials. What one revokes cannot be changed, only taken back by deleting it; it ends by itself at its `expirationTime`.
 *
 * Deviation: Kubernetes has no such resource (`docs/deviations.md`, revocation).
 */
export const credentialRevocations: Resource = {
  ...named('CredentialRevocation', {
    group: 'authentication.kube-authn.dev',
    shortNames: ['credrev'],
    isNamespaced: false,
  }),
  hasCreator: true,
  read: (object, errors) => readFields(object, 'CredentialRevocation', errors),
  prepareForCreate: (object, { caller }) => revokedBy(object, caller?.user.username),
  prepareForUpdate: (object, old) => revokedBy(object, specOf(old)['revokedBy']),
  validate: validateSpec,
  validateCreate(object, nowMs, errors) {
    const { expiresAtMs } = revocationOf(object)
    if (expiresAtMs === undefined || expiresAtMs > nowMs) return
    const given = stringIn(specOf(object), 'expirationTime')
    errors.invalid(SPEC.child('expirationTime'), given, 'must be in the future: it would revoke nothing')
  },
  validateUpdate(object, old, errors) {
    if (!isSameJson(specOf(object), specOf(old))) {
      errors.forbidden(SPEC, 'cannot be changed: delete the revocation and create another one')
    }
  },
  lifetime(object) {
    const { expiresAtMs } = revocationOf(object)
    return expiresAtMs === undefined ? undefined : { expiresAtMs }
  },
  columns: [
    NAME,
    column('Revokes', (object) => subjectOf(specOf(object))),
    column('Issued Before', (object) => stringIn(specOf(object), 'issuedBefore') || '<any>'),
    column('Ends', (object) => stringIn(specOf(object), 'expirationTime') || '<never>'),
    column('Revoked By', (object) => stringIn(specOf(object), 'revokedBy')),
    AGE,
    wide('Reason', (object) => stringIn(specOf(object), 'reason')),
  ],
}

/** What an object revokes, as the list of the core has it. */
export function revocationOf(object: KubeObject): Revocation {
  const spec = specOf(object)
  const text = (name: string): string | undefined => stringIn(spec, name) || undefined
  const time = (name: string): number | undefined => timeOfRfc3339(stringIn(spec, name))
  const attribute = partIn(spec, 'attribute')
  return defined({
    credentialId: text('credentialID'),
    tokenSha256: text('tokenSHA256'),
    user: text('user'),
    issuedBeforeMs: time('issuedBefore'),
    attribute: isObject(spec['attribute'])
      ? { key: stringIn(attribute, 'key'), value: stringIn(attribute, 'value') }
      : undefined,
    expiresAtMs: time('expirationTime'),
  })
}

function validateSpec(object: KubeObject, errors: ErrorList): void {
  const spec = specOf(object)
  if (stringIn(spec, 'reason').length > MAX_REASON) errors.tooLong(SPEC.child('reason'), MAX_REASON)
  const { attribute } = spec
  if (isObject(attribute) && stringIn(attribute, 'value') === '') {
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
function revokedBy(object: KubeObject, username: unknown): KubeObject {
  const { revokedBy: _, ...spec } = specOf(object)
  return { ...object, spec: { ...spec, ...(username !== undefined && { revokedBy: username }) } }
}

function subjectOf(spec: Part): string {
  const { attribute } = spec
  if (isObject(attribute)) return `${stringIn(attribute, 'key')}=${stringIn(attribute, 'value')}`
  const user = stringIn(spec, 'user')
  if (user !== '') return `user ${user}`
  const digest = stringIn(spec, 'tokenSHA256')
  return digest === '' ? stringIn(spec, 'credentialID') : `token ${digest.slice(0, 12)}...`
}

function specOf(object: KubeObject): Part {
  return partIn(object, 'spec')
}
