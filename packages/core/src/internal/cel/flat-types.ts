import type { Environment } from '@marcbachmann/cel-js'
import type { Macro } from './engine.ts'

/**
 * Makes evaluations ignore the element types of lists and maps. cel-js inspects the elements and caches every type it has seen forever: one
 * for every shape of claims that a client sends.
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
  // Only macros have access to the evaluator.
  environment.registerFunction('SeeTypesFlat(ast): bool', flatten, { async: false })
  environment.evaluate('SeeTypesFlat(true)')
}
