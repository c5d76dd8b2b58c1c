import type { Environment } from '@marcbachmann/cel-js'
import type { Macro } from './engine.ts'

/**
 * Lets evaluations see a list as a list and a map as a map, whatever is in them. The library looks inside, and it keeps every type
 * that it has seen for ever: there is one for every shape of claims that somebody sends.
 */
export function seeTypesFlat(environment: Environment): void {
  const flatten = (): Macro => ({
    async: false,
    typeCheck: (checker) => checker.getType('bool'),
    evaluate(evaluator) {
      evaluator.debugTypeDeep = (value) => evaluator.debugType(value)
      return true
    },
  })
  // An evaluator is shown to macros only.
  environment.registerFunction('SeeTypesFlat(ast): bool', flatten, { async: false })
  environment.evaluate('SeeTypesFlat(true)')
}
