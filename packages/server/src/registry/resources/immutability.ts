import { type ErrorList, fieldPath } from '@kube-authn/core/internal'
import type { KubeObject } from '../kube-object.ts'

/**
 * What may not change in a Secret or ConfigMap with `immutable: true`.
 *
 * Source: kubernetes `pkg/apis/core/validation/validation.go` ValidateSecretUpdate.
 */
export function immutability(
  object: KubeObject,
  old: KubeObject,
  fields: readonly string[],
  errors: ErrorList,
): void {
  if (old['immutable'] !== true) return
  const detail = 'field is immutable when `immutable` is set'
  if (object['immutable'] !== true) errors.forbidden(fieldPath('immutable'), detail)
  for (const field of fields) {
    if (canonical(object[field]) !== canonical(old[field])) errors.forbidden(fieldPath(field), detail)
  }
}

/** JSON whose members are in order. */
function canonical(map: unknown): string {
  const entries = typeof map === 'object' && map !== null ? Object.entries(map) : []
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
