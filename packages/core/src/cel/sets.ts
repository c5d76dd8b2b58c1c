import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from './budget.ts'

/** What `sets` is: the library tells types by their constructors. */
class SetsNamespace {
  readonly name = 'sets'
}

/**
 * Registers `sets.contains`, `sets.equivalent` and `sets.intersects`.
 *
 * Source: cel-go `ext/sets.go`.
 */
export function registerSets(environment: Environment, budget: Budget): void {
  environment.registerType('Sets', SetsNamespace)
  environment.registerConstant('sets', 'Sets', new SetsNamespace())
  const register = (
    name: string,
    decide: (a: readonly unknown[], b: readonly unknown[], budget: Budget) => boolean,
  ): void => {
    const counted = (_sets: unknown, a: readonly unknown[], b: readonly unknown[]): boolean => {
      budget.spend(1 + a.length * b.length)
      return decide(a, b, budget)
    }
    environment.registerFunction(`Sets.${name}(list, list): bool`, counted, { async: false })
  }
  register('contains', isSubset)
  register('equivalent', (a, b) => isSubset(a, b, budget) && isSubset(b, a, budget))
  register('intersects', (a, b) => a.some((element) => isIn(element, b, budget)))
}

/** Whether everything in `part` is in `whole`. */
function isSubset(whole: readonly unknown[], part: readonly unknown[], budget: Budget): boolean {
  return part.every((element) => isIn(element, whole, budget))
}

function isIn(element: unknown, list: readonly unknown[], budget: Budget): boolean {
  return list.some((each) => isEqual(each, element, budget))
}

/** What is nested is paid for here: the sizes of the sets do not tell of it. */
function isEqual(a: unknown, b: unknown, budget: Budget): boolean {
  if (a === b) return true
  // Numbers of different types are equal when their values are.
  // oxlint-disable-next-line eqeqeq
  if (isNumber(a) && isNumber(b)) return a == b
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false
    budget.spend(a.length)
    return a.every((element, index) => isEqual(element, b[index], budget))
  }
  if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return false
    budget.spend(a.size)
    return [...a].every(([key, value]) => isEqual(value, b.get(key), budget))
  }
  return false
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}
