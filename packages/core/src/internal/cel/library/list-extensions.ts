import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { isIn } from '../values/equality.ts'
import { COMPARABLE_TYPES, sorted } from './sorting.ts'

type List = readonly unknown[]

/** The namespace `lists` of `lists.range(n)`. */
class ListsFunctions {
  readonly name = 'lists'
}

/**
 * Registers the list functions of cel-go: `slice`, `flatten`, `sort`, `reverse`, `distinct` and `lists.range`. `sortBy` is a comprehension.
 *
 * Source: cel-go `ext/lists.go`, version 3.
 */
export function registerListExtensions(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  const copied = (list: List): List => {
    budget.spend(list.length / 2)
    return list
  }
  environment.registerType('ListsFunctions', ListsFunctions)
  environment.registerConstant('Lists', 'ListsFunctions', new ListsFunctions())
  register('ListsFunctions.range(int): list<int>', (_: unknown, count: bigint) => {
    if (count < 0n) throw new CelEvaluationError(`lists.range: size must be non-negative, got ${count}`)
    budget.spend(Number(count))
    return Array.from({ length: Number(count) }, (_each, index) => BigInt(index))
  })
  register('list<A>.slice(int, int): list<A>', (list: List, start: bigint, end: bigint) =>
    copied(list.slice(...range(start, end, list.length))),
  )
  register('list<list<A>>.flatten(): list<A>', (list: List) => copied(flat(list, 1, budget)))
  register('list.flatten(int): list', (list: List, depth: bigint) => {
    if (depth < 0n) throw new CelEvaluationError('level must be non-negative')
    return copied(flat(list, Number(depth), budget))
  })
  for (const type of COMPARABLE_TYPES) {
    register(`list<${type}>.sort(): list<${type}>`, (list: List) => sorted(list, list, budget))
  }
  register('list<A>.reverse(): list<A>', (list: List) => copied(list).toReversed())
  register('list<A>.distinct(): list<A>', (list: List) => {
    const texts = new Set<string>()
    const others: unknown[] = []
    return copied(list).filter((each) => {
      if (typeof each === 'string') {
        const isNew = !texts.has(each)
        texts.add(each)
        return isNew
      }
      budget.spend(others.length)
      const isNew = !isIn(each, others, budget)
      if (isNew) others.push(each)
      return isNew
    })
  })
}

function range(start: bigint, end: bigint, length: number): [number, number] {
  const call = `cannot slice(${start}, ${end})`
  if (start < 0n || end < 0n) throw new CelEvaluationError(`${call}, negative indexes not supported`)
  if (start > end) {
    throw new CelEvaluationError(`${call}, start index must be less than or equal to end index`)
  }
  if (end > BigInt(length)) throw new CelEvaluationError(`${call}, list is length ${length}`)
  return [Number(start), Number(end)]
}

function flat(list: List, depth: number, budget: Budget): List {
  const elements: unknown[] = []
  for (const each of list) {
    budget.spend(0.1)
    if (depth === 0 || !Array.isArray(each)) elements.push(each)
    else for (const inner of flat(each, depth - 1, budget)) elements.push(inner)
  }
  return elements
}
