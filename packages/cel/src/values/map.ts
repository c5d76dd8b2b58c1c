import type { Failure } from '../evaluate/evaluation.ts'
import { isList, MapValue, Uint, type Value } from './value.ts'

type Entry = readonly [key: Value, value: Value]

/**
 * A map of an expression.
 *
 * Deviation: entries have an order (`docs/deviations.md`, order of CEL maps).
 */
export class EntryMap extends MapValue {
  /** By key, where all numbers of the same value are the same. */
  readonly #entries: ReadonlyMap<unknown, Entry>

  constructor(entries: MapBuilder) {
    super()
    this.#entries = entries.entries
  }

  get size(): number {
    return this.#entries.size
  }

  find(key: Value): Value | undefined {
    return this.#entries.get(normalized(key))?.[1]
  }

  entries(): Iterable<Entry> {
    return this.#entries.values()
  }
}

export class MapBuilder {
  readonly entries: Map<unknown, Entry> = new Map()

  has(key: Value): boolean {
    return this.entries.has(normalized(key))
  }

  set(key: Value, value: Value): void {
    this.entries.set(normalized(key), [key, value])
  }

  delete(key: Value): void {
    this.entries.delete(normalized(key))
  }
}

export function mapOf(entries: Iterable<Entry>): EntryMap {
  const builder = new MapBuilder()
  for (const [key, value] of entries) builder.set(key, value)
  return new EntryMap(builder)
}

/**
 * The key under which an entry is stored.
 *
 * Deviation: equal numbers are one key (`docs/deviations.md`, keys of CEL maps).
 *
 * Source: cel-go `common/types/map.go` (`Find`).
 */
function normalized(key: Value): unknown {
  if (key instanceof Uint) return key.value
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : key
  const isObject = typeof key === 'object' && key !== null
  return isObject && isTransient(key) ? Symbol('key') : key
}

const transients = new WeakSet<object>()

/** Marks a value that cel-go makes anew each time it is selected, so that it is never the same key. */
export function transient(value: Value): Value {
  if (typeof value === 'object' && value !== null) transients.add(value)
  return value
}

/** Whether cel-go makes the value anew each time it is selected. */
export function isTransient(value: object): boolean {
  return transients.has(value)
}

type List = readonly Value[]

const views = new WeakMap<List, () => List>()

/**
 * Gives a list other elements for those who ask for one by its index than for those who go through all of them.
 *
 * @param make is called when an element is asked for.
 */
export function setView(list: List, make: () => List): void {
  let made: List | undefined
  views.set(list, () => (made ??= make()))
}

/** The elements of a list as an index finds them. */
export function indexed(list: List): List {
  return views.get(list)?.() ?? list
}

/** A map that has been found by a name or an index, and finds other keys than one that has been visited. */
export abstract class MapView extends MapValue {
  abstract readonly isView: boolean
  abstract visited(): MapValue

  /** What a comprehension visits: the values of its variables. @param _hasSecond whether it has two. */
  visits(_hasSecond: boolean): Iterable<Visit> {
    return this.entries()
  }
}

/** The values of the variables of a comprehension. One that has an error is one only if it is read. */
export type Visit = readonly [first: Value | Failure, second: Value | Failure | undefined]

/** Whether the list or map differs from what a visit finds. */
export function isView(value: Value): boolean {
  return isList(value) ? views.has(value) : value instanceof MapView && value.isView
}

/** A list or map as a visit finds it. */
export function visitedView(value: Value): Value {
  if (!isView(value)) return value
  if (value instanceof MapView) return value.visited()
  return isList(value) ? [...value] : value
}
