import { Optional } from '@marcbachmann/cel-js'
import { type Budget, BudgetExceeded, ERROR_COST } from './budget.ts'
import {
  type CallNode,
  type Evaluator,
  isChangeable,
  type MethodCallNode,
  type Node,
  type OperatorNode,
  type Scope,
} from './engine.ts'
import { isEqual, isIn } from './values/equality.ts'
import { nodesOf } from './syntax/tree.ts'

/**
 * Makes the operators and calls of a checked expression pay for what they go through, as a rule a tenth for each character and
 * a half for each element that is copied. Those of the library cost nothing, and so a token could keep a server busy.
 *
 * Source: cel-go `interpreter/runtimecost.go`.
 *
 * Deviation: costs are coarser (`docs/deviations.md`, CEL limits).
 */
export function meter(root: Node, budget: Budget): void {
  for (const node of nodesOf(root)) {
    const evaluate = evaluation(node, budget)
    if (evaluate !== undefined && isChangeable(node)) node.setMeta('evaluate', evaluate)
  }
}

type Evaluate = (evaluator: Evaluator, node: never, scope: Scope) => unknown

/** How a node is evaluated from now on; `undefined` for one that costs no more than that it is there. */
function evaluation({ op, args }: Node, budget: Budget): Evaluate | undefined {
  switch (op) {
    case 'value':
    case 'id':
    case '.':
    case '.?':
    case '[]':
    case '?:':
    case '!_':
    case '-_':
    case 'list':
      return undefined
    case 'map':
      // The library makes a plain object of an empty one, whatever it is told before.
      return args.length === 0 ? () => new Map() : undefined
    case 'call':
      return (evaluator, node: CallNode, scope) => {
        const values = node.args[1].map((each) => evaluator.run(each, scope))
        payFor(values, budget)
        return node.handle(values, node, evaluator)
      }
    case 'rcall':
      return (evaluator, node: MethodCallNode, scope) => {
        const values = [node.args[1], ...node.args[2]].map((each) => evaluator.run(each, scope))
        payFor(values, budget)
        return node.handle(values, evaluator, node)
      }
    case '||':
    case '&&':
      return (evaluator, node: OperatorNode, scope) => logical(evaluator, node, scope, budget)
    case '[?]':
      return (evaluator, node: OperatorNode, scope) => {
        const [value, index] = node.args.map((each) => evaluator.run(each, scope))
        const found = node.handle(value, index, node, evaluator)
        // There was an error about an index, which came to nothing.
        if (found instanceof Optional && !found.hasValue()) budget.spend(ERROR_COST / 10)
        return found
      }
    default:
      return (evaluator, node: OperatorNode, scope) => binary(evaluator, node, scope, budget)
  }
}

function payFor(values: readonly unknown[], budget: Budget): void {
  for (const value of values) {
    if (typeof value === 'string' || value instanceof Uint8Array) budget.spend(value.length / 10)
  }
}

function binary(evaluator: Evaluator, node: OperatorNode, scope: Scope, budget: Budget): unknown {
  const left = evaluator.run(node.args[0], scope)
  const right = evaluator.run(node.args[1], scope)
  switch (node.op) {
    case '==':
      return isEqual(left, right, budget)
    case '!=':
      return !isEqual(left, right, budget)
    case 'in':
      if (Array.isArray(right)) return isIn(left, right, budget)
      if (right instanceof Map) return right.has(left)
      break
    case '+':
      payFor([left, right], budget)
      if (Array.isArray(left) && Array.isArray(right)) {
        return joined(left, right, budget)
      }
      break
    default:
      if (typeof left === 'string' && typeof right === 'string') {
        budget.spend(Math.min(left.length, right.length) / 100)
      }
  }
  return node.handle(left, right, node, evaluator)
}

function joined(left: readonly unknown[], right: readonly unknown[], budget: Budget): readonly unknown[] {
  budget.spend((left.length + right.length) / 2)
  return left.concat(right)
}

/** `||` and `&&`: an error on one side does not count when the other side decides. */
function logical(evaluator: Evaluator, node: OperatorNode, scope: Scope, budget: Budget): boolean {
  const decisive = node.op === '||'
  let left: unknown
  let failed: { readonly error: unknown } | undefined
  try {
    left = evaluator.run(node.args[0], scope)
  } catch (error) {
    if (error instanceof BudgetExceeded) throw error
    budget.spend(ERROR_COST)
    failed = { error }
  }
  if (left === decisive) return decisive
  const right = evaluator.run(node.args[1], scope)
  if (right === decisive) return decisive
  if (failed !== undefined) throw failed.error
  if (left === right && typeof left === 'boolean') return left
  throw evaluator.createError('no_such_overload', 'no such overload', node)
}
