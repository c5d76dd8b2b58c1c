import { UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { wholeNumber } from './numbers.ts'

type AnyMap = ReadonlyMap<unknown, unknown>

/** The keys of type `uint`, which are objects, so that each is a distinct `Map` key. */
const unsignedKeys = new WeakMap<AnyMap, Map<bigint, UnsignedInt>>()

/**
 * The value of a key; `undefined` if absent. Numbers of different types with the same value are the same key.
 *
 * Source: cel-go `common/types/map.go` (`Find`).
 */
export function valueOf(map: AnyMap, key: unknown): unknown {
  return map.get(sameKey(map, key))
}

/** Whether a map has a key. */
export function hasKey(map: AnyMap, key: unknown): boolean {
  return valueOf(map, key) !== undefined
}

/** Sets an entry, replacing one with an equal key. */
export function put(map: Map<unknown, unknown>, key: unknown, value: unknown): void {
  const same = sameKey(map, key)
  map.set(same, value)
  if (!(same instanceof UnsignedInt)) return
  const unsigned = unsignedKeys.get(map) ?? new Map<bigint, UnsignedInt>()
  unsignedKeys.set(map, unsigned.set(same.value, same))
}

/** The equal key of the map, or the given key if there is none. */
function sameKey(map: AnyMap, key: unknown): unknown {
  const whole = wholeNumber(key)
  if (whole === undefined || map.has(key)) return key
  if (map.has(whole)) return whole
  const double = Number(whole)
  return map.has(double) ? double : (unsignedKeys.get(map)?.get(whole) ?? key)
}
