import type { Type } from '../check/types.ts'
import type { Duration, Timestamp } from './times.ts'
import type { Uint } from './numbers.ts'

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
