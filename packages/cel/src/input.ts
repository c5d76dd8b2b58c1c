import { isDynamic, parameterOf, printedType, type Type } from './check/types.ts'
import {
  Duration,
  MapValue,
  MAX_INT,
  MAX_UINT,
  MIN_INT,
  Opaque,
  Optional,
  Struct,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './values/value.ts'
import { mapOf } from './values/map.ts'
import { isOfType } from './values/runtime-type.ts'

/** Deeper values are refused, so that none exceeds the stack. */
const MAX_DEPTH = 64

/**
 * The value of a type for a JavaScript value: a `Map` or an object for a map, a `Date` for a timestamp, and a whole number for an `int`.
 * Where the type is not known, all numbers are doubles, as in JSON, and bigints are integers.
 *
 * @param path names the value in errors.
 * @throws {TypeError} if it is of another type.
 */
export function valueOf(input: unknown, type: Type, path: string, depth = 0): Value {
  if (depth > MAX_DEPTH) throw new TypeError(`${path} is nested too deeply`)
  const value = converted(input, type, path, depth)
  if (value === undefined || !isOfType(value, type)) {
    throw new TypeError(`${path} must be of the type ${printedType(type)}`)
  }
  return value
}

function converted(input: unknown, type: Type, path: string, depth: number): Value | undefined {
  switch (typeof input) {
    case 'string':
    case 'boolean':
      return input
    case 'number':
      return type.kind === 'int' || type.kind === 'uint' ? integer(input, type) : input
    case 'bigint':
      return integer(input, type)
    case 'object':
      return input === null ? null : objectValue(input, type, path, depth)
    default:
      return undefined
  }
}

function integer(input: bigint | number, { kind }: Type): Value | undefined {
  if (typeof input === 'number' && !Number.isSafeInteger(input)) return undefined
  const value = BigInt(input)
  if (kind === 'uint') return value < 0n || value > MAX_UINT ? undefined : new Uint(value)
  return value < MIN_INT || value > MAX_INT ? undefined : value
}

function objectValue(input: object, type: Type, path: string, depth: number): Value | undefined {
  if (Array.isArray(input)) {
    return Array.from(input, (each: unknown, index) =>
      valueOf(each, parameterOf(type, 0), `${path}[${index}]`, depth + 1),
    )
  }
  if (isValue(input)) return input
  if (input instanceof Date) return timestampOf(input.getTime())
  if (type.kind !== 'map' && !isDynamic(type)) return undefined
  const [keyType, valueType] = [parameterOf(type, 0), parameterOf(type, 1)]
  const entries: Iterable<readonly [unknown, unknown]> = input instanceof Map ? input : Object.entries(input)
  return mapOf(
    Array.from(entries, ([key, each]) => {
      const place = `${path}[${String(key)}]`
      return [valueOf(key, keyType, place, depth + 1), valueOf(each, valueType, place, depth + 1)] as const
    }),
  )
}

/** Years 1 to 9999. */
function timestampOf(timeMs: number): Timestamp | undefined {
  const isValid = timeMs >= -62_135_596_800_000 && timeMs < 253_402_300_800_000
  return isValid ? new Timestamp(BigInt(timeMs) * 1_000_000n) : undefined
}

function isValue(
  input: object,
): input is Exclude<Value, string | number | bigint | boolean | null | readonly Value[]> {
  return [Uint, Uint8Array, Duration, Timestamp, Optional, TypeValue, Opaque, Struct, MapValue].some(
    (type) => input instanceof type,
  )
}
