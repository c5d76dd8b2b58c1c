import { badRequest, isObject } from '@kube-authn/core/internal'
import type { Field, ObjectType } from '@kube-authn/api/internal'
import { mergeLists, removedFrom, withoutDirectives } from './merge-lists.ts'
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
    const isDirective = key.startsWith(DELETE_FROM) || key.startsWith(ORDER)
    if (change !== null && !isDirective && !names.has(key)) {
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
