import { badRequest, isObject } from '@kube-authn/core/internal'
import type { Field, ObjectType } from '@kube-authn/api/internal'
import { patchFailed } from '../registry/status-errors.ts'

type JsonObject = Readonly<Record<string, unknown>>

const DELETE_FROM = '$deleteFromPrimitiveList/'
const ORDER = '$setElementOrder/'

/**
 * Applies a strategic merge patch: like a merge patch, but lists whose type says so are merged by the key of their elements.
 *
 * Source: apimachinery `pkg/util/strategicpatch/patch.go` StrategicMergeMapPatch.
 *
 * @param target is not changed.
 * @param type of the object; `undefined` for a map.
 * @throws {StatusError} 400 or 422 if the patch is malformed, or does not fit the object.
 */
export function strategicMerge(target: unknown, patch: JsonObject, type: ObjectType | undefined): JsonObject {
  if (Object.hasOwn(patch, '$patch')) return replacedOrEmpty(patch)
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  const changes = new Map(Object.entries(patch))
  retainKeys(merged, changes)
  for (const [key, order] of changes) {
    if (key.startsWith(ORDER)) orderList(merged, changes, key, order, type)
  }
  for (const [key, change] of changes) {
    if (key.startsWith(DELETE_FROM)) deleteFrom(merged, key.slice(DELETE_FROM.length), change)
    else if (change === null) merged.delete(key)
    else set(merged, key, mergedValue(merged.get(key), change, type?.fields.get(key)))
  }
  return Object.fromEntries(merged)
}

function replacedOrEmpty({ $patch: directive, ...rest }: JsonObject): JsonObject {
  if (directive === 'replace') return rest
  if (directive === 'delete') return {}
  throw patchFailed('$patch must be "replace" or "delete"')
}

function mergedValue(old: unknown, change: unknown, field: Field | undefined): unknown {
  if (isObject(old) && isObject(change)) {
    const type =
      field === undefined || typeof field.type === 'string' || field.many === 'map' ? undefined : field.type
    return strategicMerge(old, change, type)
  }
  if (Array.isArray(old) && Array.isArray(change)) {
    return field?.isMerged === true ? mergeLists(old, change, field, elementMerge(field)) : change
  }
  return withoutDirectives(change)
}

function elementMerge({ type }: Field): (element: unknown, change: JsonObject) => JsonObject {
  return (element, change) => strategicMerge(element, change, typeof type === 'string' ? undefined : type)
}

/** A value that is a directive itself is `undefined`. */
function set(merged: Map<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) merged.delete(key)
  else merged.set(key, value)
}

function deleteFrom(merged: Map<string, unknown>, key: string, removed: unknown): void {
  const old = merged.get(key)
  if (!Array.isArray(removed)) throw badRequest('invalid patch format of primitive list')
  if (Array.isArray(old)) merged.set(key, removedFrom(old, removed))
}

/** Removes what the patch does not name among the fields to retain. */
function retainKeys(merged: Map<string, unknown>, changes: Map<string, unknown>): void {
  const retained = changes.get('$retainKeys')
  if (!changes.delete('$retainKeys')) return
  if (!Array.isArray(retained)) throw badRequest('invalid patch format of retainKeys')
  const names = new Set<unknown>(retained)
  for (const [key, change] of changes) {
    if (change !== null && !isDirective(key) && !names.has(key)) {
      throw badRequest('invalid patch format of retainKeys')
    }
  }
  for (const key of merged.keys()) {
    if (!names.has(key)) merged.delete(key)
  }
}

/** Merges a list of the patch, and puts the elements into the order that the patch has for them. */
function orderList(
  merged: Map<string, unknown>,
  changes: Map<string, unknown>,
  directive: string,
  order: unknown,
  type: ObjectType | undefined,
): void {
  changes.delete(directive)
  const key = directive.slice(ORDER.length)
  const old = merged.get(key) ?? undefined
  const change = changes.get(key) ?? undefined
  const field = type?.fields.get(key)
  const areLists = [order, old, change].every((each) => each === undefined || Array.isArray(each))
  if (!areLists || !Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list')
  if (field?.isMerged !== true) return
  changes.delete(key)
  if (old === undefined && change === undefined) return
  merged.set(key, mergeLists(listOf(old), listOf(change), field, elementMerge(field), order))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/**
 * Applies a JSON merge patch. Keys such as `__proto__` are ordinary ones.
 *
 * Source: RFC 7396 section 2.
 *
 * @param target is not changed.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/** What tells an element of a list from the others. */
type KeyOf = (element: unknown) => string

/**
 * Merges the elements of a patch into a list.
 *
 * Source: apimachinery `pkg/util/strategicpatch/patch.go` mergeSlice, normalizeElementOrder.
 *
 * @param merge merges an element that is in both.
 * @param order elements, or their keys, in the order that they get; other elements of the old list keep their places among them. Default: as in the patch.
 * @throws {StatusError} 422 if an element has no key.
 */
function mergeLists(
  old: readonly unknown[],
  patch: readonly unknown[],
  field: Field,
  merge: (element: unknown, change: JsonObject) => unknown,
  order?: readonly unknown[],
): readonly unknown[] {
  if (field.mergeKey === undefined) {
    const united = [...new Set([...old, ...patch])]
    if (united.some((each) => typeof each === 'object'))
      throw patchFailed(`${field.name} has no such elements`)
    return inOrder(united, old, order ?? patch, primitiveKey)
  }
  const keyOf = keyBy(field.mergeKey, field.name)
  const { kept, changes } = specialElements(old, patch, keyOf)
  const merged = [...kept]
  const places = positions(merged, keyOf)
  for (const change of changes) {
    const key = keyOf(change)
    const place = places.get(key) ?? merged.length
    const isNew = place === merged.length
    if (isNew) places.set(key, place)
    merged[place] = isNew ? withoutDirectives(change) : merge(merged[place], change)
  }
  return inOrder(merged, kept, order ?? changes, keyOf)
}

/** The elements of a list without these. */
function removedFrom(old: readonly unknown[], removed: readonly unknown[]): readonly unknown[] {
  const gone = new Set(removed)
  return old.filter((each) => !gone.has(each))
}

/** What is left of the old list after the elements of the patch that delete or replace, and the other elements. */
function specialElements(
  old: readonly unknown[],
  patch: readonly unknown[],
  keyOf: KeyOf,
): { readonly kept: readonly unknown[]; readonly changes: readonly JsonObject[] } {
  const changes: JsonObject[] = []
  const deleted = new Set<string>()
  let isReplaced = false
  for (const element of patch) {
    if (!isObject(element)) throw patchFailed('an element of a merged list must be an object')
    const directive = Object.hasOwn(element, '$patch') ? element['$patch'] : undefined
    if (directive === undefined) changes.push(element)
    else if (directive === 'delete') deleted.add(keyOf(element))
    else if (directive === 'replace') isReplaced = true
    else throw patchFailed('$patch must be "replace" or "delete"')
  }
  return { kept: isReplaced ? [] : old.filter((each) => !deleted.has(keyOf(each))), changes }
}

function keyBy(mergeKey: string, field: string): KeyOf {
  return (element) => {
    const key = isObject(element) && Object.hasOwn(element, mergeKey) ? element[mergeKey] : undefined
    if (key === undefined || typeof key === 'object') {
      throw patchFailed(`an element of ${field} does not contain declared merge key: ${mergeKey}`)
    }
    return primitiveKey(key)
  }
}

function primitiveKey(value: unknown): string {
  return `${typeof value} ${String(value)}`
}

/** Elements that `order` names come in that order, and the others before the first of those that they were before. */
function inOrder(
  elements: readonly unknown[],
  old: readonly unknown[],
  order: readonly unknown[],
  keyOf: KeyOf,
): readonly unknown[] {
  const wanted = positions(order, keyOf)
  const before = positions(old, keyOf)
  const ranked = elements.map((element) => {
    const key = keyOf(element)
    return { element, place: before.get(key) ?? -1, rank: wanted.get(key) }
  })
  const others = ranked.filter(({ rank }) => rank === undefined)
  const named = ranked
    .filter(({ rank }) => rank !== undefined)
    .toSorted(({ rank: a = 0 }, { rank: b = 0 }) => a - b)
  const result: unknown[] = []
  let taken = 0
  for (const { element, place } of named) {
    for (let next = others[taken]; next !== undefined && next.place < place; next = others[++taken]) {
      result.push(next.element)
    }
    result.push(element)
  }
  return [...result, ...others.slice(taken).map(({ element }) => element)]
}

/** Where the first element with each key is. */
function positions(list: readonly unknown[], keyOf: KeyOf): Map<string, number> {
  const found = new Map<string, number>()
  for (const [index, each] of list.entries()) {
    const key = keyOf(each)
    if (!found.has(key)) found.set(key, index)
  }
  return found
}

/**
 * A value of a patch where the object has none: without directives, and without members that are `null`.
 *
 * Source: apimachinery `pkg/util/strategicpatch/patch.go` removeDirectives, discardNullValuesFromPatch.
 *
 * @returns `undefined` if the value is a directive.
 */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((each) => each !== undefined)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, '$patch')) return undefined
  const kept = Object.entries(value)
    .filter(([key, each]) => each !== null && !isDirective(key))
    .map(([key, each]) => [key, withoutDirectives(each)] as const)
  return Object.fromEntries(kept.filter(([, each]) => each !== undefined))
}

function isDirective(key: string): boolean {
  return key === '$retainKeys' || key.startsWith(ORDER) || key.startsWith(DELETE_FROM)
}
