import type { Duration, Timestamp } from './values/times.ts'
import type { Uint } from './values/uint.ts'
import type { Optional } from './values/value.ts'

/** The JavaScript values for a type, such as `readonly string[]` for `list(string)`; anything for `dyn` and types of libraries. */
export type Binding<T extends string> = T extends keyof Simple
  ? Simple[T]
  : T extends `list(${infer E})`
    ? readonly Binding<E>[]
    : T extends `map(${infer K}, ${infer V})`
      ? ReadonlyMap<Binding<K>, Binding<V>> | { readonly [name: string]: Binding<V> }
      : T extends `optional_type(${string})`
        ? Optional
        : unknown

interface Simple {
  readonly bool: boolean
  readonly bytes: Uint8Array
  readonly double: number
  readonly duration: Duration
  readonly int: bigint | number
  readonly string: string
  readonly timestamp: Date | Timestamp
  readonly uint: Uint | bigint | number
}
