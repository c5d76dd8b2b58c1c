import type { JsonTree } from './json-tree.ts'
import { patchFailed } from './patch-errors.ts'

/** What a value is in: an object or a list. */
export interface Container {
  /** `undefined` if there is no such value. */
  get(key: string): JsonTree | undefined
  /** Replaces a value that exists. */
  set(key: string, value: JsonTree): void
  canAdd(key: string): boolean
  /** Adds a member, or inserts an element. */
  add(key: string, value: JsonTree): void
  delete(key: string): void
  /** How many elements an insertion moves at most. */
  readonly moves: number
}

/** Where a value is or could be. */
export interface Place {
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
export function placeOf(document: JsonTree, pointer: string): Place | undefined {
  if (pointer === '') return undefined
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) throw patchFailed('a path is not a JSON pointer')
  const keys = pointer.slice(1).split('/').map(unescaped)
  const key = keys.pop() ?? ''
  let container = containerOf(document)
  for (const each of keys) container = containerOf(container?.get(each))
  if (container === undefined) throw patchFailed('a path leads through a value that does not exist')
  return { container, key }
}

function unescaped(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

function containerOf(tree: JsonTree | undefined): Container | undefined {
  if (Array.isArray(tree)) return listContainer(tree)
  return tree instanceof Map ? objectContainer(tree) : undefined
}

function objectContainer(object: Map<string, JsonTree>): Container {
  return {
    get: (key) => object.get(key),
    set: (key, value) => void object.set(key, value),
    canAdd: () => true,
    add: (key, value) => void object.set(key, value),
    delete: (key) => void object.delete(key),
    moves: 0,
  }
}

function listContainer(list: JsonTree[]): Container {
  return {
    get: (key) => list[indexOf(key)],
    set(key, value) {
      list[indexOf(key)] = value
    },
    canAdd: (key) => key === '-' || indexOf(key) <= list.length,
    add: (key, value) => void list.splice(key === '-' ? list.length : indexOf(key), 0, value),
    delete: (key) => void list.splice(indexOf(key), 1),
    moves: list.length,
  }
}

/** NaN if it is none. */
function indexOf(key: string): number {
  return /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : NaN
}
