import { type KubeObject, type Part, partIn, partsIn, stringIn, stringsIn } from '../../kube-object.ts'
import { type ErrorList, fieldPath } from '@kube-authn/core/internal'
import { rfc3339Of, timeOfRfc3339 } from '@kube-authn/internal/rfc3339'

/** What happened to a request. Source: api `certificates/v1/types.go` CertificateSigningRequestCondition. */
export interface Condition {
  /** `Approved`, `Denied`, `Failed`, or one of a signer of its own. */
  readonly type: string
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  /** In the form of RFC 3339, as the next one. */
  readonly lastUpdateTime?: string
  readonly lastTransitionTime?: string
}

/** What is asked for. */
export interface RequestSpec {
  /** PEM in base64. */
  readonly request: string
  readonly signerName: string
  readonly usages: readonly string[]
  readonly expirationSeconds: number | undefined
  /** Who asked, as the server stamped it. */
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

export function specOf(object: KubeObject): RequestSpec {
  const spec = partIn(object, 'spec')
  const extra = partIn(spec, 'extra')
  const { expirationSeconds } = spec
  return {
    request: stringIn(spec, 'request'),
    signerName: stringIn(spec, 'signerName'),
    usages: stringsIn(spec, 'usages'),
    expirationSeconds: typeof expirationSeconds === 'number' ? expirationSeconds : undefined,
    username: stringIn(spec, 'username'),
    uid: stringIn(spec, 'uid'),
    groups: stringsIn(spec, 'groups'),
    extra: Object.fromEntries(Object.keys(extra).map((key) => [key, stringsIn(extra, key)])),
  }
}

/** What happened to a request, in order. */
export function conditionsOf(object: KubeObject): readonly Condition[] {
  return partsIn(partIn(object, 'status'), 'conditions').map(conditionOf)
}

/** PEM in base64; `''` if none was issued. */
export function certificateOf(object: KubeObject): string {
  return stringIn(partIn(object, 'status'), 'certificate')
}

export function withStatus(
  object: KubeObject,
  { conditions, certificate }: { readonly conditions: readonly Condition[]; readonly certificate: string },
): KubeObject {
  const status = {
    ...(conditions.length > 0 && { conditions }),
    ...(certificate !== '' && { certificate }),
  }
  return { ...object, status }
}

/** Whether a request was approved, and not denied. Source: kubernetes `pkg/controller/certificates/certificate_controller_utils.go`. */
export function isApproved(object: KubeObject): boolean {
  return hasCondition(object, 'Approved') && !hasCondition(object, 'Denied')
}

/** Whether there is a condition of this type, whatever its status. */
export function hasCondition(object: KubeObject, wanted: string): boolean {
  return conditionsOf(object).some(({ type }) => type === wanted)
}

function conditionOf(fields: Part): Condition {
  const read = ['status', 'reason', 'message', 'lastUpdateTime', 'lastTransitionTime'].map(
    (field) => [field, stringIn(fields, field)] as const,
  )
  return {
    type: stringIn(fields, 'type'),
    ...Object.fromEntries(read.filter(([, value]) => value !== '')),
  }
}

const CONDITIONS = fieldPath('status', 'conditions')
/** Conditions that cannot be taken back: their status is `True`. */
const FINAL: readonly string[] = ['Approved', 'Denied', 'Failed']
/** Conditions that only an approval may add. */
const DECISIONS: readonly string[] = ['Approved', 'Denied']
const ANY_STATUS: readonly string[] = ['False', 'True', 'Unknown']

/**
 * Conditions with the times that are missing. The last transition is that of the old condition of the same type and status.
 *
 * Source: kubernetes `pkg/registry/certificates/certificates/strategy.go` populateConditionTimestamps.
 */
export function withTimes(
  conditions: readonly Condition[],
  old: readonly Condition[],
  now: string,
): readonly Condition[] {
  const transitions = new Map<string, string>()
  for (const condition of old.toReversed()) {
    const { lastTransitionTime } = condition
    if (lastTransitionTime !== undefined) transitions.set(stateOf(condition), lastTransitionTime)
  }
  return conditions.map((condition) => {
    const { lastUpdateTime = now } = condition
    const { lastTransitionTime = transitions.get(stateOf(condition)) ?? now } = condition
    return { ...condition, lastUpdateTime, lastTransitionTime }
  })
}

function stateOf({ type, status }: Condition): string {
  return JSON.stringify([type, status])
}

/**
 * Conditions in which approvals and denials are the old ones, unless there are more or fewer of them, which is refused.
 *
 * Source: kubernetes `pkg/registry/certificates/certificates/strategy.go` preserveConditionInstances.
 */
export function withOldDecisions(
  conditions: readonly Condition[],
  old: readonly Condition[],
): readonly Condition[] {
  return DECISIONS.reduce((result, type) => {
    const kept = ofType(old, type)
    if (ofType(result, type).length !== kept.length) return result
    let next = 0
    return result.map((condition) => (condition.type === type ? (kept[next++] ?? condition) : condition))
  }, conditions)
}

/**
 * Validates conditions. Types that are missing, repeated or exclude each other are tolerated where they are so already.
 *
 * Source: kubernetes `pkg/apis/certificates/validation/validation.go` validateConditions.
 */
export function validateConditions(object: KubeObject, old: KubeObject | undefined, errors: ErrorList): void {
  const tolerated = faultsOf(old === undefined ? [] : conditionsOf(old))
  const seen = new Set<string>()
  for (const [index, condition] of conditionsOf(object).entries()) {
    const { type } = condition
    const path = CONDITIONS.index(index)
    if (type === '' && !tolerated.isTypeMissing) errors.required(path.child('type'))
    validateStatus(condition, index, errors)
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (opposite !== undefined && seen.has(opposite) && !tolerated.isContradictory) {
      const detail = 'Approved and Denied conditions are mutually exclusive'
      errors.invalid(path.child('type'), type, detail)
    }
    if (seen.has(type) && !tolerated.isRepeated) errors.duplicate(path.child('type'), type)
    seen.add(type)
  }
}

/** Validates that nothing is taken back. */
export function validateRemovals(object: KubeObject, old: KubeObject, errors: ErrorList): void {
  for (const type of FINAL) {
    if (ofType(conditionsOf(object), type).length < ofType(conditionsOf(old), type).length) {
      errors.forbidden(CONDITIONS, `updates may not remove a condition of type "${type}"`)
    }
  }
}

/** Validates that nothing is approved or denied. */
export function validateDecisions(object: KubeObject, old: KubeObject, errors: ErrorList): void {
  for (const type of DECISIONS) {
    if (ofType(conditionsOf(object), type).length > ofType(conditionsOf(old), type).length) {
      errors.forbidden(CONDITIONS, `updates may not add a condition of type "${type}"`)
    }
  }
}

function validateStatus(condition: Condition, index: number, errors: ErrorList): void {
  const path = CONDITIONS.index(index)
  const { type, status } = condition
  const allowed = FINAL.includes(type) ? ['True'] : ANY_STATUS
  if (status === undefined) errors.required(path.child('status'))
  else if (!allowed.includes(status)) errors.notSupported(path.child('status'), status, allowed)
  for (const field of ['lastUpdateTime', 'lastTransitionTime'] as const) {
    const time = condition[field]
    if (time !== undefined && !isStoredTime(time))
      errors.invalid(path.child(field), time, 'must be a time of RFC 3339')
  }
}

function isStoredTime(text: string): boolean {
  const timeMs = timeOfRfc3339(text)
  return timeMs !== undefined && rfc3339Of(timeMs) === text
}

interface Faults {
  readonly isTypeMissing: boolean
  readonly isContradictory: boolean
  readonly isRepeated: boolean
}

function faultsOf(conditions: readonly Condition[]): Faults {
  const types = conditions.map(({ type }) => type)
  return {
    isTypeMissing: types.includes(''),
    isContradictory: DECISIONS.every((type) => types.includes(type)),
    isRepeated: new Set(types).size < types.length,
  }
}

function ofType(conditions: readonly Condition[], wanted: string): readonly Condition[] {
  return conditions.filter(({ type }) => type === wanted)
}
