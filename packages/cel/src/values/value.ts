import type { Type } from '../check/types.ts'
import { fail } from '../evaluate/evaluation.ts'

/**
 * A value of an expression: an `int` is a bigint, a `double` a number, `bytes` are a `Uint8Array`, and a list is an array. Values are never
 * changed.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint
  | Uint8Array
  | Duration
  | Timestamp
  | Optional
  | TypeValue
  | Opaque
  | Struct
  | MapValue
  | readonly Value[]

/** A value, or none. */
export class Optional {
  readonly value: Value | undefined

  /** @param value `undefined` for none. */
  constructor(value: Value | undefined) {
    this.value = value
  }
}

export const NONE: Optional = new Optional(undefined)

/** A type as a value, such as `int` in `type(1) == int`. Its parameters are not part of it. */
export class TypeValue {
  /** Such as `int`, `list`, `null_type` or `google.protobuf.Duration`. */
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * A value of a type of a library, such as an IP address. Two values of the same type are equal if their identities are; a comparison with
 * a value of another type is an error.
 */
export abstract class Opaque {
  abstract readonly type: Type
  abstract readonly identity: string
  /** Whether it can be the key of a map: not if Go keeps it in a slice. */
  readonly isHashable: boolean = true
  /** What costs are computed of. */
  readonly size: number = 1

  /** Whether this is equal; `undefined` if the two cannot be compared. */
  equals(other: Value): boolean | undefined {
    if (!(other instanceof Opaque) || other.type !== this.type) return undefined
    return other.identity === this.identity
  }
}

/** An object with declared fields. Fields that are not set are absent. */
export class Struct {
  readonly type: Type
  readonly fields: ReadonlyMap<string, Value>

  constructor(type: Type, fields: ReadonlyMap<string, Value>) {
    this.type = type
    this.fields = fields
  }
}

/** A map. */
export abstract class MapValue {
  abstract readonly size: number
  /** The name of its type at run time. */
  readonly typeName: string = 'map'
  /** The value of a key; `undefined` if the map does not have it. Numbers of different types with the same value are the same key. */
  abstract find(key: Value): Value | undefined
  abstract entries(): Iterable<readonly [key: Value, value: Value]>

  /** Whether it has a key, for `in`. */
  has(key: Value): boolean {
    return this.find(key) !== undefined
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

export const MIN_INT: bigint = -(2n ** 63n)
export const MAX_INT: bigint = 2n ** 63n - 1n
export const MAX_UINT: bigint = 2n ** 64n - 1n

/** A `uint`: an unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint

  /** @param value from 0 to 2^64 - 1. */
  constructor(value: bigint) {
    this.value = value
  }
}

/** The integer; it fails if it does not fit into 64 bits. */
export function checkedInt(value: bigint): bigint {
  return value < MIN_INT || value > MAX_INT ? fail('integer overflow') : value
}

/** The unsigned integer; it fails if it does not fit into 64 bits. */
export function checkedUint(value: bigint): Uint {
  return value < 0n || value > MAX_UINT ? fail('unsigned integer overflow') : new Uint(value)
}

/** An `int`, a `uint` or a `double`. */
export type CelNumber = bigint | Uint | number

export function isNumber(value: unknown): value is CelNumber {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint
}

/**
 * Compares two numbers of any types: negative, 0 or positive, or `NaN` if one of them is. An integer is compared with a double as the
 * nearest double.
 *
 * Source: cel-go `common/types/compare.go`.
 */
export function compareNumbers(a: CelNumber, b: CelNumber): number {
  const one = exact(a)
  const other = exact(b)
  if (typeof one === typeof other) return ordered(one, other)
  return ordered(Number(one), Number(other))
}

function ordered(a: bigint | number, b: bigint | number): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
}

/** The integer of this value, for a list index; `undefined` if it is not an integer. */
export function wholeNumber(value: unknown): bigint | undefined {
  if (!isNumber(value)) return undefined
  const number = exact(value)
  if (typeof number === 'bigint') return number
  return Number.isInteger(number) ? BigInt(number) : undefined
}

function exact(value: CelNumber): bigint | number {
  return value instanceof Uint ? value.value : value
}

export const SECOND = 1_000_000_000n

const FIRST_TIME = -62_135_596_800n * SECOND
const LAST_TIME = 253_402_300_800n * SECOND - 1n

/** A duration. */
export class Duration {
  readonly nanoseconds: bigint

  /** @param nanoseconds from -2^63 to 2^63 - 1. */
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }
}

/** A point in time. */
export class Timestamp {
  /** Since the epoch. */
  readonly nanoseconds: bigint
  /** The time zone in which it is printed. */
  readonly offsetMinutes: number

  /** @param nanoseconds from the year 1 to 9999. */
  constructor(nanoseconds: bigint, offsetMinutes = 0) {
    this.nanoseconds = nanoseconds
    this.offsetMinutes = offsetMinutes
  }
}

/** The time this many nanoseconds after the epoch; it fails outside of the years 1 to 9999. */
export function timeAt(nanoseconds: bigint, offsetMinutes = 0): Timestamp {
  if (nanoseconds < FIRST_TIME || nanoseconds > LAST_TIME) fail('timestamp overflow')
  return new Timestamp(nanoseconds, offsetMinutes)
}

/** The duration of this many nanoseconds; it fails beyond 64 bits. */
export function durationOf(nanoseconds: bigint): Duration {
  return new Duration(checkedInt(nanoseconds))
}
