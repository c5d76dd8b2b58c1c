/**
 * The parts of a `v1` Secret that authentication reads.
 *
 * Source: kubernetes `pkg/apis/core/types.go`.
 */
export interface Secret {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  /** What the store calls this version of it. Without it nobody can tell whether it changed since it was read. */
  readonly resourceVersion?: string
  readonly type?: string
  /** The values as text: what the API sends in base64 is decoded. */
  readonly data: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** When it was made, in milliseconds since the epoch. */
  readonly creationTimestampMs?: number
  /** When it goes or went away, in milliseconds since the epoch. Absent: nobody asked for that. */
  readonly deletionTimestampMs?: number
}

/** The value under this key; `''` where there is none. */
export function valueOf(map: Readonly<Record<string, string>> | undefined, key: string): string {
  return map !== undefined && Object.hasOwn(map, key) ? (map[key] ?? '') : ''
}

/** What an object must still have for a change to be made; what is `undefined` is not asked about. */
export interface Precondition {
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}
