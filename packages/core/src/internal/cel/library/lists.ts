import type { Environment } from '@marcbachmann/cel-js'
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { calculated } from '../values/arithmetic.ts'
import { isEqual } from '../values/equality.ts'
import { compared } from '../values/ordering.ts'
import { durationOf } from '../values/times.ts'
import { COMPARABLE_TYPES } from './sorting.ts'

type List = readonly unknown[]

/**
 * Registers the list functions of Kubernetes: `isSorted`, `sum`, `min`, `max`, `indexOf` and `lastIndexOf`.
 *
 * Source: apiserver `pkg/cel/library/lists.go`.
 */
export function registerLists(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  for (const type of COMPARABLE_TYPES) {
    register(`list<${type}>.isSorted(): bool`, (list: List) =>
      list.every((each, index) => index === 0 || order(list[index - 1], each, budget) <= 0),
    )
    register(`list<${type}>.min(): ${type}`, (list: List) => extreme(list, 'min', budget))
    register(`list<${type}>.max(): ${type}`, (list: List) => extreme(list, 'max', budget))
  }
  for (const [type, zero] of Object.entries(ZEROS)) {
    register(`list<${type}>.sum(): ${type}`, (list: List) => sum(list, zero, budget))
  }
  // Charge the whole list wherever the element is, as the API server does.
  const traversed = (list: List): List => {
    budget.spend(list.length)
    return list
  }
  register('list<A>.IndexOf(A): int', (list: List, element: unknown) =>
    BigInt(traversed(list).findIndex((each) => isEqual(each, element, budget))),
  )
  register('list<A>.LastIndexOf(A): int', (list: List, element: unknown) =>
    BigInt(traversed(list).findLastIndex((each) => isEqual(each, element, budget))),
  )
}

/** The types that have a sum, and their zero values. */
const ZEROS = {
  int: 0n,
  uint: new UnsignedInt(0n),
  double: 0,
  'google.protobuf.Duration': durationOf(0n),
}

/** If the types are only known now, the first element determines the zero value. */
function sum(list: List, zero: unknown, budget: Budget): unknown {
  const [first] = list
  const start = Object.values(ZEROS).find((each) => isSameKind(each, first)) ?? zero
  return list.reduce((total, each) => {
    budget.spend(0.5)
    const next = calculated('+', total, each, budget)
    if (next === undefined) throw new CelEvaluationError('no such overload: sum')
    return next
  }, start)
}

function isSameKind(a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b) return false
  return typeof a !== 'object' || a?.constructor === b?.constructor
}

function extreme(list: List, name: 'min' | 'max', budget: Budget): unknown {
  if (list.length === 0) throw new CelEvaluationError(`${name} called on empty list`)
  const sign = name === 'min' ? 1 : -1
  return list.reduce((best, each) => (order(best, each, budget) * sign > 0 ? each : best))
}

function order(a: unknown, b: unknown, budget: Budget): number {
  budget.spend(0.5)
  const result = compared(a, b, budget)
  if (result === undefined) throw new CelEvaluationError('no such overload')
  return result
}
