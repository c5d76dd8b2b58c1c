import { fail, type Meter } from '../evaluate/evaluation.ts'
import {
  compareNumbers,
  Duration,
  isList,
  isNumber,
  MapValue,
  Opaque,
  Optional,
  Struct,
  Timestamp,
  TypeValue,
  type Value,
} from './value.ts'

/**
 * Whether two values are equal; `undefined` if they cannot be compared, which is an error of `==` but not in a list or map. Numbers are
 * compared by value across types; most values of different kinds are not equal. The work is counted before it is done.
 *
 * Source: cel-spec, "Equality"; cel-go `common/types` (`Equal`).
 */
export function equality(a: Value, b: Value, meter: Meter): boolean | undefined {
  if (typeof a === 'string') {
    if (typeof b !== 'string') return false
    meter.spend(1 + Math.min(a.length, b.length) / 100)
    return a === b
  }
  if (a === null || b === null) return a === b
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0
  if (typeof a === 'boolean') return a === b
  if (isList(a)) return isList(b) && areEqualLists(a, b, meter)
  if (a instanceof MapValue) return mapEquality(a, b, meter)
  if (a instanceof Optional) return b instanceof Optional && optionalEquality(a, b, meter)
  if (a instanceof Uint8Array) return b instanceof Uint8Array && areEqualBytes(a, b, meter)
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanoseconds === b.nanoseconds
  if (a instanceof Duration) return b instanceof Duration && a.nanoseconds === b.nanoseconds
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name
  if (a instanceof Struct) return b instanceof Struct && areEqualStructs(a, b, meter)
  if (!(a instanceof Opaque)) return false
  meter.spend(1 + a.identity.length / 100)
  return a.equals(b)
}

/** Whether two values are known to be equal. */
export function isEqual(a: Value, b: Value, meter: Meter): boolean {
  return equality(a, b, meter) === true
}

/** Strings whose comparison takes longer than other steps. */
const LONG = 256

export function isIn(element: Value, list: readonly Value[], meter: Meter): boolean {
  if (typeof element === 'string' && element.length < LONG) {
    meter.spend(list.length / 8)
    return list.includes(element)
  }
  meter.spend(list.length)
  return list.some((each) => isEqual(element, each, meter))
}

function areEqualLists(a: readonly Value[], b: readonly Value[], meter: Meter): boolean {
  if (a.length !== b.length) return false
  meter.spend(1 + a.length * 1.5)
  return a.every((element, index) => {
    const other = b[index]
    return other !== undefined && equality(element, other, meter) !== false
  })
}

function mapEquality(a: MapValue, b: Value, meter: Meter): boolean | undefined {
  // As in Kubernetes, the claims of a token are equal to themselves only, and cannot be compared with anything else.
  if (a.typeName !== 'map') return a === b ? true : undefined
  if (!(b instanceof MapValue) || a.size !== b.size) return false
  meter.spend(8)
  for (const [key, value] of a.entries()) {
    meter.spend(6)
    const other = b.find(key)
    if (other === undefined || equality(value, other, meter) === false) return false
  }
  return true
}

function optionalEquality(a: Optional, b: Optional, meter: Meter): boolean | undefined {
  if (a.value === undefined || b.value === undefined) return a.value === b.value
  return equality(a.value, b.value, meter)
}

function areEqualBytes(a: Uint8Array, b: Uint8Array, meter: Meter): boolean {
  if (a.length !== b.length) return false
  meter.spend(1 + a.length / 10)
  return a.every((byte, index) => byte === b[index])
}

function areEqualStructs(a: Struct, b: Struct, meter: Meter): boolean {
  if (a === b) return true
  if (a.type !== b.type || a.fields.size !== b.fields.size) return false
  for (const [name, value] of a.fields) {
    meter.spend(1)
    const other = b.fields.get(name)
    if (other === undefined || equality(value, other, meter) === false) return false
  }
  return true
}

/** Like {@link orderOf}, but fails for `NaN`. */
export function compared(a: Value, b: Value, meter: Meter): number | undefined {
  return isNumber(a) && isNumber(b) && Number.isNaN(compareNumbers(a, b))
    ? fail('NaN values cannot be ordered')
    : orderOf(a, b, meter)
}

/** Whether the value has an order among those of its type. */
export function isOrdered(value: Value): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || isNumber(value)) return true
  return value instanceof Uint8Array || value instanceof Timestamp || value instanceof Duration
}

/**
 * Compares two values: negative, 0 or positive; `undefined` if they have no order, as two types and `NaN` have none. Strings are ordered by
 * code points, as in Go, not by the UTF-16 units of JavaScript.
 *
 * Source: cel-go `common/types` (`Compare`).
 */
export function orderOf(a: Value, b: Value, meter: Meter): number | undefined {
  if (isNumber(a) && isNumber(b)) {
    const order = compareNumbers(a, b)
    return Number.isNaN(order) ? undefined : order
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b, meter)
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    meter.spend(Math.min(a.length, b.length) / UNITS_PER_WORK)
    return compareUnits(a.length, b.length, (index) => (a[index] ?? 0) - (b[index] ?? 0))
  }
  if (a instanceof Timestamp && b instanceof Timestamp) return compareNumbers(a.nanoseconds, b.nanoseconds)
  if (a instanceof Duration && b instanceof Duration) return compareNumbers(a.nanoseconds, b.nanoseconds)
  return undefined
}

const UNITS_PER_WORK = 16

const SURROGATE = /[\ud800-\udfff]/

function compareTexts(a: string, b: string, meter: Meter): number {
  const length = Math.min(a.length, b.length)
  meter.spend(length / 100)
  const beginningA = a.slice(0, length)
  const beginningB = b.slice(0, length)
  if (beginningA === beginningB) return a.length - b.length
  // Without surrogates, the order of JavaScript is the same.
  if (!SURROGATE.test(beginningA) && !SURROGATE.test(beginningB)) return beginningA < beginningB ? -1 : 1
  meter.spend(length / UNITS_PER_WORK)
  return compareUnits(length, length, (index) => rank(a.charCodeAt(index)) - rank(b.charCodeAt(index)))
}

/** Surrogates represent code points that sort after all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

function compareUnits(lengthA: number, lengthB: number, difference: (index: number) => number): number {
  const length = Math.min(lengthA, lengthB)
  for (let index = 0; index < length; index++) {
    const order = difference(index)
    if (order !== 0) return order
  }
  return lengthA - lengthB
}
