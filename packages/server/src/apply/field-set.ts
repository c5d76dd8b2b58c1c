import { isObject } from '@kube-authn/core/internal'

/**
 * A set of fields of an object, as a tree. The keys of its parts are those of `FieldsV1`: `f:` and a name, `k:` and the keys of an element, or
 * `v:` and a value.
 *
 * Source: structured-merge-diff `fieldpath/set.go`.
 */
export interface FieldSet {
  /** Whether the value here is in the set itself. Its parts are not in it for that reason. */
  readonly isMember: boolean
  readonly parts: ReadonlyMap<string, FieldSet>
}

export const NO_FIELDS: FieldSet = { isMember: false, parts: new Map() }

export function isEmptySet({ isMember, parts }: FieldSet): boolean {
  return !isMember && parts.size === 0
}

/** The fields that are in any of the sets. */
export function union(...sets: readonly FieldSet[]): FieldSet {
  const found = sets.filter((set) => !isEmptySet(set))
  const [only = NO_FIELDS] = found
  if (found.length < 2) return only
  const byKey = new Map<string, FieldSet[]>()
  for (const { parts } of found) {
    for (const [key, part] of parts) {
      const same = byKey.get(key)
      if (same === undefined) byKey.set(key, [part])
      else same.push(part)
    }
  }
  const parts = new Map([...byKey].map(([key, same]) => [key, union(...same)] as const))
  return { isMember: found.some(({ isMember }) => isMember), parts }
}

/** The fields of `a` that are not in `b`. Of a field in `b`, only the field itself is subtracted: its parts are fields of their own. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const parts = new Map<string, FieldSet>()
  for (const [key, part] of a.parts) {
    const other = b.parts.get(key)
    const left = other === undefined ? part : difference(part, other)
    if (!isEmptySet(left)) parts.set(key, left)
  }
  return { isMember: a.isMember && !b.isMember, parts }
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const parts = new Map<string, FieldSet>()
  for (const [key, part] of a.parts) {
    const other = b.parts.get(key)
    const both = other === undefined ? NO_FIELDS : intersection(part, other)
    if (!isEmptySet(both)) parts.set(key, both)
  }
  return { isMember: a.isMember && b.isMember, parts }
}

export function areSameSets(a: FieldSet, b: FieldSet): boolean {
  return isEmptySet(difference(a, b)) && isEmptySet(difference(b, a))
}

/** The paths of all fields in the set, as in `.spec.containers[name="c"].image`: in order, and those of parts after those of values. */
export function pathsOf({ parts }: FieldSet, path = ''): readonly string[] {
  const ordered = [...parts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const own = ordered.filter(([, { isMember }]) => isMember).map(([key]) => path + stepOf(key))
  return [...own, ...ordered.flatMap(([key, part]) => pathsOf(part, path + stepOf(key)))]
}

/** A step of a path, as in `.spec` or `[name="c"]`. */
export function stepOf(key: string): string {
  const content = key.slice(2)
  if (key.startsWith('f:')) return `.${content}`
  if (key.startsWith('v:')) return `[=${content}]`
  const keys: unknown = JSON.parse(content)
  const pairs = isObject(keys) ? Object.entries(keys) : []
  return `[${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
}

/**
 * The set in the form of `FieldsV1`.
 *
 * Source: structured-merge-diff `fieldpath/serialize.go`.
 */
export function toFieldsV1({ isMember, parts }: FieldSet): object {
  const entries = [...parts].map(([key, part]) => [key, toFieldsV1(part)] as const)
  return Object.fromEntries(isMember && parts.size > 0 ? [['.', {}], ...entries] : entries)
}

/** Reads a set in the form of `FieldsV1`, as it was stored. The object itself is in none. */
export function fromFieldsV1(fields: unknown): FieldSet {
  return { isMember: false, parts: partsFrom(fields) }
}

function partsFrom(fields: unknown): ReadonlyMap<string, FieldSet> {
  const entries = isObject(fields) ? Object.entries(fields) : []
  return new Map(entries.filter(([key]) => key !== '.').map(([key, part]) => [key, setFrom(part)] as const))
}

function setFrom(fields: unknown): FieldSet {
  const parts = partsFrom(fields)
  return { isMember: parts.size === 0 || (isObject(fields) && Object.hasOwn(fields, '.')), parts }
}
