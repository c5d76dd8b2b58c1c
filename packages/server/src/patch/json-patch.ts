import { badRequest, isObject } from '@kube-authn/core/internal'
import { isSameJson, MAX_DEPTH } from '../registry/kube-object.ts'
import { patchFailed, patchTooLarge } from '../registry/status-errors.ts'

/** How many operations a patch may have, as in kube-apiserver. */
const MAX_OPERATIONS = 10_000
/** How many characters of JSON the `copy` operations of a patch may add: as in kube-apiserver, those of a request. */
const MAX_COPIED = 3_145_728
/** How many elements of lists a patch may move by inserting and removing others. */
const MAX_MOVED = 20_000_000

interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string | undefined
  /** `null` if there is none. */
  readonly value: unknown
}

/** How deep a patch may make an object: `copy` doubles its depth. */
const MAX_GROWN = 1000
/** How often the depth of the object is measured when it may have grown that deep. */
const MAX_MEASURED = 20

/** What the operations of one patch have done so far. */
interface Work {
  copied: number
  moved: number
  /** The object is not deeper than this. */
  depth: number
  measured: number
}

/**
 * Applies a JSON patch: all of its operations, or none. Keys such as `__proto__` are ordinary ones, since a ConfigMap may have them.
 *
 * Libraries were considered: `fast-json-patch` 3.1 and `rfc6902` 5.4 lose or refuse the keys `__proto__` and `constructor`, and have no limits.
 *
 * Source: RFC 6902 as evanphx/json-patch reads it: a missing member is `null`, and can be replaced; negative indices count from the end. apiserver
 * `pkg/endpoints/handlers/patch.go` jsonPatcher.
 *
 * @param target is not changed.
 * @throws {StatusError} 400 if it is no JSON patch, 413 if it has too many operations, 422 if one of them fails.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations')
  if (patch.length > MAX_OPERATIONS) {
    const allowed = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}`
    throw patchTooLarge(`${allowed}, got ${patch.length}`)
  }
  const work = { copied: 0, moved: 0, depth: MAX_DEPTH, measured: 0 }
  let document = structuredClone(target)
  for (const [index, sent] of patch.entries()) {
    document = applied(document, operationOf(sent, index), work)
  }
  return document
}

function operationOf(sent: unknown, index: number): Operation {
  if (!isObject(sent)) throw badRequest(`the operation ${index} of the JSON patch is not an object`)
  const { op, path, from, value } = sent
  if (typeof op !== 'string' || typeof path !== 'string') {
    throw patchFailed(`the operation ${index} must have "op" and "path"`)
  }
  const cloned = structuredClone(value ?? null)
  return { op, path, from: typeof from === 'string' ? from : undefined, value: cloned }
}

function applied(document: unknown, operation: Operation, work: Work): unknown {
  const { op, path, value } = operation
  switch (op) {
    case 'add':
      countDepth(document, path, undefined, work)
      add(document, path, value, work)
      return document
    case 'remove':
      remove(document, path, work)
      return document
    case 'replace':
      countDepth(document, path, undefined, work)
      return replaced(document, path, value)
    case 'move':
      countDepth(document, path, fromIn(operation), work)
      add(document, path, remove(document, fromIn(operation), work), work)
      return document
    case 'copy': {
      countDepth(document, path, fromIn(operation), work)
      const copied = found(document, fromIn(operation))
      work.copied += sizeOf(copied)
      if (work.copied > MAX_COPIED) throw patchFailed('the patch copies too much')
      add(document, path, structuredClone(copied), work)
      return document
    }
    case 'test': {
      if (!isSameJson(found(document, path), value)) throw patchFailed(`testing value ${shown(path)} failed`)
      return document
    }
    default:
      throw patchFailed('the operation is none of add, remove, replace, move, copy and test')
  }
}

function add(document: unknown, path: string, value: unknown, work: Work): void {
  const { container, key } = partOf(document, path)
  if (!Array.isArray(container)) {
    setMember(container, key, value)
    return
  }
  const { length } = container
  const index = key === '-' ? length : indexOf(key, length + 1)
  if (!(index >= 0 && index <= length)) throw patchFailed(`there is no place for ${shown(path)}`)
  countMoves(container, work)
  container.splice(index, 0, value)
}

function remove(document: unknown, path: string, work: Work): unknown {
  const { container, key } = partOf(document, path)
  const value = valueIn(container, key)
  if (value === undefined) throw missing(path)
  if (Array.isArray(container)) {
    countMoves(container, work)
    container.splice(indexOf(key, container.length), 1)
  } else Reflect.deleteProperty(container, key)
  return value
}

/** A member need not be there before, an element must. */
function replaced(document: unknown, path: string, value: unknown): unknown {
  const place = placeOf(document, path)
  if (place === undefined) {
    if (typeof value !== 'object' || value === null) throw patchFailed('an object can only become one')
    return value
  }
  const { container, key } = place
  if (!Array.isArray(container)) setMember(container, key, value)
  else if (valueIn(container, key) === undefined) throw missing(path)
  else container[indexOf(key, container.length)] = value
  return document
}

/** A member that is not there is `null`, an element must be there. */
function found(document: unknown, path: string): unknown {
  const place = placeOf(document, path)
  if (place === undefined) return document
  const value = valueIn(place.container, place.key)
  if (value === undefined && Array.isArray(place.container)) throw missing(path)
  return value ?? null
}

/** What a value is in: an object or a list. */
type Container = Record<string, unknown> | unknown[]

/** Where a value is or could be. */
interface Place {
  readonly container: Container
  readonly key: string
}

/**
 * The place that a JSON pointer names; `undefined` for the whole document.
 *
 * Source: RFC 6901.
 *
 * @throws {StatusError} 422 if the pointer is malformed, or what the value should be in does not exist.
 */
function placeOf(document: unknown, pointer: string): Place | undefined {
  if (pointer === '') return undefined
  if (!pointer.startsWith('/')) throw patchFailed('a path is not a JSON pointer')
  const keys = pointer.slice(1).split('/').map(unescaped)
  const key = keys.pop() ?? ''
  let container = document
  for (const each of keys) container = isContainer(container) ? valueIn(container, each) : undefined
  if (!isContainer(container)) throw patchFailed('a path leads through a value that does not exist')
  return { container, key }
}

function partOf(document: unknown, path: string): Place {
  const place = placeOf(document, path)
  if (place === undefined) throw patchFailed('the object itself can neither be added nor removed')
  return place
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

/** `undefined` if there is none. */
function valueIn(container: Container, key: string): unknown {
  if (Array.isArray(container)) return container[indexOf(key, container.length)]
  return Object.hasOwn(container, key) ? container[key] : undefined
}

/** An assignment to `__proto__` would not make a member. */
function setMember(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true })
}

function unescaped(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** NaN if it is none. A negative one counts from the end. */
function indexOf(key: string, end: number): number {
  if (!/^[+-]?\d{1,9}$/.test(key)) return NaN
  return Number(key) < 0 ? end + Number(key) : Number(key)
}

function missing(path: string): Error {
  return patchFailed(`there is no value at ${shown(path)}`)
}

/** An insertion or a removal moves at most all elements. */
function countMoves({ length }: readonly unknown[], work: Work): void {
  work.moved += length
  if (work.moved > MAX_MOVED) throw patchFailed('the patch changes long lists too often')
}

/** A value is placed at `path`: that of the operation, or the one at `from`. */
function countDepth(document: unknown, path: string, from: string | undefined, work: Work): void {
  const depthOfValue = (): number => (from === undefined ? MAX_DEPTH : work.depth - levelsOf(from))
  const depth = (): number => Math.max(work.depth, levelsOf(path) + depthOfValue())
  if (depth() > MAX_GROWN && work.measured++ < MAX_MEASURED) work.depth = depthOf(document)
  work.depth = depth()
  if (work.depth > MAX_GROWN) throw patchFailed('the patch makes the object too deep')
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Object.values(value).reduce((most: number, each: unknown) => Math.max(most, depthOf(each)), 0)
}

function levelsOf(path: string): number {
  return path.split('/').length - 1
}

function fromIn({ from }: Operation): string {
  if (from === undefined) throw patchFailed('the operation must have "from"')
  return from
}

function shown(path: string): string {
  return path.length > 256 ? `${path.slice(0, 256)}...` : path
}

/** About how many characters of JSON a value has. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + sizeOf(each) + 1, 2)
  if (!isObject(value)) return 5
  return Object.entries(value).reduce((sum, [key, each]) => sum + key.length + 4 + sizeOf(each), 2)
}
