import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { isIn } from '../values/equality.ts'

/** The namespace `sets` of `sets.contains(a, b)`. */
class SetsFunctions {
  readonly name = 'sets'
}

type List = readonly unknown[]

/**
 * Registers `sets.contains`, `sets.equivalent` and `sets.intersects`.
 *
 * Source: cel-go `ext/sets.go`, including the cost: every pair of elements.
 */
export function registerSets(environment: Environment, budget: Budget): void {
  environment.registerType('SetsFunctions', SetsFunctions)
  environment.registerConstant('Sets', 'SetsFunctions', new SetsFunctions())
  const register = (name: string, decide: (a: List, b: List) => boolean): void => {
    const handler = (_sets: unknown, a: List, b: List): boolean => decide(a, b)
    environment.registerFunction(`SetsFunctions.${name}(list<A>, list<A>): bool`, handler, { async: false })
  }
  const contains = (whole: List, part: List): boolean => {
    budget.spend(whole.length * part.length)
    return part.every((element) => isIn(element, whole, budget))
  }
  register('contains', contains)
  register('equivalent', (a, b) => contains(a, b) && contains(b, a))
  register('intersects', (a, b) => {
    budget.spend(a.length * b.length)
    return a.some((element) => isIn(element, b, budget))
  })
}
