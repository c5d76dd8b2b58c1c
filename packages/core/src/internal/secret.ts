/**
 * The parts of a `v1` Secret that authentication reads.
 *
 * Source: kubernetes `pkg/apis/core/types.go`.
 */
export interface Secret {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  /** The version in the store. Without it, changes since it was read cannot be detected. */
  readonly resourceVersion?: string
  readonly type?: string
  /** The values as strings, decoded from the base64 of the API. */
  readonly data: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** When it was created, in milliseconds since the epoch. */
  readonly creationTimestampMs?: number
  /** When its deletion was or is due, in milliseconds since the epoch. Absent: no deletion was requested. */
  readonly deletionTimestampMs?: number
}

/** The value of a key; `''` if absent. */
export function valueOf(map: Readonly<Record<string, string>> | undefined, key: string): string {
  return map !== undefined && Object.hasOwn(map, key) ? (map[key] ?? '') : ''
}

/** What an object must still have for a change to be made; `undefined` members are not checked. */
export interface Precondition {
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}
