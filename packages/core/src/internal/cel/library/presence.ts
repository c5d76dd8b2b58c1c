import type { Environment } from '@marcbachmann/cel-js'
import type { Macro, MacroCall } from '../engine.ts'
import { isPresent } from '../selection.ts'

/**
 * Registers `has` under a capitalised name. That of cel-js supports names only, not `has(claims.list[0].name)`.
 *
 * Source: cel-spec, "Field Selection".
 */
export function registerPresence(environment: Environment): void {
  const has = ({ args: [node] }: MacroCall): Macro => ({
    async: false,
    typeCheck(checker, _self, scope) {
      if (node === undefined) throw new TypeError('has() has an argument')
      if (node.op !== '.') {
        throw checker.createError('invalid_has_argument', 'invalid argument to has() macro', node)
      }
      checker.check(node, scope)
      return checker.getType('bool')
    },
    evaluate(evaluator, _self, scope) {
      if (node?.op !== '.') throw new TypeError('evaluated before it was checked')
      const [operand, field] = node.args
      return isPresent(evaluator.run(operand, scope), field)
    },
  })
  environment.registerFunction('Has(ast): bool', has, { async: false })
}
