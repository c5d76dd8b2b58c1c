import type { JsonTree } from './json-tree.ts'
import { patchFailed } from '../registry/status-errors.ts'

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
  readonly isList: boolean
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
  if (!pointer.startsWith('/')) throw patchFailed('a path is not a JSON pointer')
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
    isList: false,
  }
}

function listContainer(list: JsonTree[]): Container {
  const { length } = list
  return {
    get: (key) => list[indexOf(key, length)],
    set(key, value) {
      list[indexOf(key, length)] = value
    },
    canAdd: (key) => key === '-' || isWithin(indexOf(key, length + 1), length),
    add: (key, value) => void list.splice(key === '-' ? length : indexOf(key, length + 1), 0, value),
    delete: (key) => void list.splice(indexOf(key, length), 1),
    moves: length,
    isList: true,
  }
}

function isWithin(index: number, length: number): boolean {
  return index >= 0 && index <= length
}

/** NaN if it is none. A negative one counts from the end. */
function indexOf(key: string, end: number): number {
  if (!/^[+-]?\d{1,9}$/.test(key)) return NaN
  return Number(key) < 0 ? end + Number(key) : Number(key)
}
