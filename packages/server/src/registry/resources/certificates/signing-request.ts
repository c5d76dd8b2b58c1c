import type { KubeObject } from '../../kube-object.ts'
import { type Part, partIn, partsIn, stringIn, stringsIn } from '../field-values.ts'

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

/** The specification of a stored request. */
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

/** A request with this status. */
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
