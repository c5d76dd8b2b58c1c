import { type Declaration, method } from '../check/declarations.ts'
import type { Type } from '../check/types.ts'
import type { Opaque } from '../values/value.ts'

/** `isGreaterThan`, `isLessThan` and `compareTo` of a type. */
export function orderMethods<T extends Opaque>(
  { name }: Type,
  order: (a: T, b: T) => number,
): readonly Declaration[] {
  return [
    method(`${name}.isGreaterThan(${name}): bool`, (a: T, b: T) => order(a, b) > 0),
    method(`${name}.isLessThan(${name}): bool`, (a: T, b: T) => order(a, b) < 0),
    method(`${name}.compareTo(${name}): int`, (a: T, b: T) => BigInt(order(a, b))),
  ]
}
