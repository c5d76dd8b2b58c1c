import type { ErrorList, FieldPath, ObjectReader } from '@kube-authn/core/internal'

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
