import { UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import type { Type } from '../engine.ts'
import { isUnknown } from '../types.ts'
import { compared } from '../values/ordering.ts'

/** The types with an order. */
export const COMPARABLE_TYPES = [
  'int',
  'uint',
  'double',
  'bool',
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
  'string',
  'bytes',
] as const

export function isComparable(type: Type): boolean {
  return isUnknown(type) || COMPARABLE_TYPES.some((name) => name === type.name)
}

/**
 * Sorts elements by their keys; both lists have the same length.
 *
 * Source: cel-go `ext/lists.go` (`sortListByAssociatedKeys`).
 *
 * @throws {CelEvaluationError} if the keys are of different types or have no order.
 */
export function sorted(
  elements: readonly unknown[],
  keys: readonly unknown[],
  budget: Budget,
): readonly unknown[] {
  const entries = elements.map((element, index) => ({ element, key: keys[index] }))
  budget.spend(entries.length)
  if (keys.length > 0) orderOf(keys[0], keys[0], budget)
  return entries.toSorted((a, b) => orderOf(a.key, b.key, budget)).map(({ element }) => element)
}

/** @throws {CelEvaluationError} if two values have no order or are of different types. */
function orderOf(a: unknown, b: unknown, budget: Budget): number {
  budget.spend(0.5)
  const order = kindOf(a) === kindOf(b) ? compared(a, b, budget) : undefined
  if (order === undefined) throw new CelEvaluationError('list elements must have the same type')
  return order
}

function kindOf(value: unknown): string {
  return value instanceof UnsignedInt ? 'uint' : typeof value
}
