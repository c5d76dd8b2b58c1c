import { type ErrorList, type FieldPath, fieldPath, type ObjectReader } from '@kube-authn/core/internal'
import { base64Length } from '@kube-authn/internal/base64'
import { isSameJson, type KubeObject } from '../kube-object.ts'

/** The sum of the values of a Secret or ConfigMap, in bytes. */
export const MAX_DATA_BYTES = 1_048_576

/**
 * Validates a key of a Secret or ConfigMap.
 *
 * Source: apimachinery `pkg/util/validation/validation.go` IsConfigMapKey.
 */
export function validateKey(key: string, path: FieldPath, errors: ErrorList): void {
  if (key.length > 253) errors.invalid(path.key(key), key, 'must be no more than 253 characters')
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    const detail =
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    errors.invalid(path.key(key), key, detail)
  }
  if (key === '.' || key === '..') errors.invalid(path.key(key), key, `must not be '${key}'`)
  else if (key.startsWith('..')) errors.invalid(path.key(key), key, "must not start with '..'")
}

/** Validates keys, and values in base64. Returns how many bytes these have. */
export function validateBytes(map: unknown, path: FieldPath, errors: ErrorList): number {
  let bytes = 0
  for (const [key, value] of entriesOf(map)) {
    validateKey(key, path, errors)
    const length = base64Length(value)
    if (length === undefined) errors.invalid(path.key(key), value, 'must be in standard base64')
    bytes += length ?? 0
  }
  return bytes
}

/**
 * What may not change in a Secret or ConfigMap with `immutable: true`.
 *
 * Source: kubernetes `pkg/apis/core/validation/validation.go` ValidateSecretUpdate.
 */
export function validateImmutable(
  object: KubeObject,
  old: KubeObject,
  fields: readonly string[],
  errors: ErrorList,
): void {
  if (old['immutable'] !== true) return
  const detail = 'field is immutable when `immutable` is set'
  if (object['immutable'] !== true) errors.forbidden(fieldPath('immutable'), detail)
  for (const field of fields) {
    if (!isSameJson(object[field] ?? {}, old[field] ?? {})) errors.forbidden(fieldPath(field), detail)
  }
}

// Deviation: the error names the key (`docs/deviations.md`, base64 of data).
/** A map of strings; `undefined` if it is empty. */
export function readMap(object: ObjectReader, name: string): Readonly<Record<string, string>> | undefined {
  const map = object.stringMap(name)
  return map.size === 0 ? undefined : Object.fromEntries(map)
}

/** The members of a map that was read; none if it is absent. */
export function entriesOf(map: unknown): readonly (readonly [string, string])[] {
  if (typeof map !== 'object' || map === null) return []
  return Object.entries(map).map(([key, value]) => [key, String(value)] as const)
}
