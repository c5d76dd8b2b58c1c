import { type CelNumber, isNumber, Uint } from './numbers.ts'
import { MapValue, type Value } from './value.ts'

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
 * Source: cel-go `common/types/map.go` (`Find`).
 */
function normalized(key: Value): unknown {
  if (isNumber(key)) return sameNumber(key)
  const isObject = typeof key === 'object' && key !== null
  return isObject && isTransient(key) ? Symbol('key') : key
}

const transient = new WeakSet<object>()

/** Marks a value that cel-go makes anew each time it is selected, so that it is never the same key. */
export function markTransient(value: Value): void {
  if (typeof value === 'object' && value !== null) transient.add(value)
}

/** Whether cel-go makes the value anew each time it is selected. */
export function isTransient(value: object): boolean {
  return transient.has(value)
}

function sameNumber(key: CelNumber): bigint | number {
  if (key instanceof Uint) return key.value
  return typeof key === 'number' && Number.isInteger(key) ? BigInt(key) : key
}
