import { type Budget, BudgetExceeded, ERROR_COST } from './budget.ts'
import { CelEvaluationError } from './cel.ts'
import type { Evaluator, Node, Scope } from './engine.ts'
import { calculated, negated } from './values/arithmetic.ts'
import { isEqual, isIn } from './values/equality.ts'
import { hasKey } from './values/map-keys.ts'
import { compared } from './values/ordering.ts'

/**
 * Applies an operator. Those of cel-js wrap around, order values without an order, and are not metered, so a token could keep a server
 * busy.
 *
 * Source: cel-go `interpreter/functions/standard.go`.
 *
 * @throws {CelEvaluationError} for the errors of cel-go.
 */
export function operated(operator: string, left: unknown, right: unknown, budget: Budget): unknown {
  switch (operator) {
    case '==':
      return isEqual(left, right, budget)
    case '!=':
      return !isEqual(left, right, budget)
    case 'in':
      if (Array.isArray(right)) {
        budget.spend(right.length)
        return isIn(left, right, budget)
      }
      if (right instanceof Map) return hasKey(right, left)
      throw new CelEvaluationError('no such overload: @in')
    default: {
      const result = isRelation(operator)
        ? related(operator, left, right, budget)
        : calculated(operator, left, right, budget)
      if (result === undefined) throw new CelEvaluationError(`no such overload: _${operator}_`)
      return result
    }
  }
}

/** `-x` */
export function opposite(value: unknown): unknown {
  const result = negated(value)
  if (result === undefined) throw new CelEvaluationError('no such overload: -_')
  return result
}

/** The operands of a chain such as `a || b || c`, in order: the tree may be deeper than the stack. */
export function operandsOf(root: Extract<Node, { readonly op: '||' | '&&' }>): readonly Node[] {
  const operands: Node[] = []
  let node: Node = root
  while (node.op === root.op) {
    operands.push(node.args[1])
    node = node.args[0]
  }
  return [...operands, node].toReversed()
}

/** `||` and `&&`: an error is ignored if another operand decides. */
export function logical(
  evaluator: Evaluator,
  operator: '||' | '&&',
  operands: readonly Node[],
  scope: Scope,
  budget: Budget,
): boolean {
  const decisive = operator === '||'
  let failed: { readonly error: unknown } | undefined
  for (const operand of operands) {
    try {
      const value = evaluator.run(operand, scope)
      if (value === decisive) return decisive
      if (value !== !decisive) throw new CelEvaluationError('no such overload')
    } catch (error) {
      if (error instanceof BudgetExceeded) throw error
      budget.spend(ERROR_COST)
      failed ??= { error }
    }
  }
  if (failed !== undefined) throw failed.error
  return !decisive
}

const RELATIONS = ['<', '<=', '>', '>='] as const
type Relation = (typeof RELATIONS)[number]

function isRelation(operator: string): operator is Relation {
  return RELATIONS.some((each) => each === operator)
}

function related(operator: Relation, left: unknown, right: unknown, budget: Budget): boolean | undefined {
  const order = compared(left, right, budget)
  if (order === undefined) return undefined
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}
