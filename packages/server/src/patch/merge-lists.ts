import { isObject } from '@kube-authn/core/internal'
import type { Field } from '@kube-authn/api/internal'
import { patchFailed } from '../registry/status-errors.ts'

type JsonObject = Readonly<Record<string, unknown>>

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
export function mergeLists(
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
export function removedFrom(old: readonly unknown[], removed: readonly unknown[]): readonly unknown[] {
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
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((each) => each !== undefined)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, '$patch')) return undefined
  const kept = Object.entries(value)
    .filter(([key, each]) => each !== null && !isDirective(key))
    .map(([key, each]) => [key, withoutDirectives(each)] as const)
  return Object.fromEntries(kept.filter(([, each]) => each !== undefined))
}

function isDirective(key: string): boolean {
  return (
    key === '$retainKeys' ||
    key.startsWith('$setElementOrder/') ||
    key.startsWith('$deleteFromPrimitiveList/')
  )
}
