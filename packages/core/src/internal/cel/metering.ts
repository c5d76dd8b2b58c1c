import type { Budget } from './budget.ts'
import {
  type CallNode,
  type Evaluator,
  isChangeable,
  type MethodCallNode,
  type Node,
  type Scope,
} from './engine.ts'
import { logical, operandsOf, operated, opposite } from './operators.ts'
import { optionallySelected, selected } from './selection.ts'
import { nodesOf } from './syntax/tree.ts'

/**
 * Replaces the operators and calls of a checked expression by ours and charges them for the data they process: as a rule a tenth per
 * character and a half per copied element. Those of cel-js are not metered, so a token could keep a server busy.
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

/** The new evaluation of a node; `undefined` to keep the original one. */
function evaluation(node: Node, budget: Budget): Evaluate | undefined {
  switch (node.op) {
    case 'value':
    case 'id':
    case '?:':
    case '!_':
    case 'list':
      return undefined
    case 'map':
      // cel-js always evaluates an empty map literal to a plain object.
      return node.args.length === 0 ? () => new Map() : undefined
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return (evaluator, _node, scope) => selection(evaluator, node, scope)
    case 'call':
      return (evaluator, call: CallNode, scope) => {
        const values = call.args[1].map((each) => evaluator.run(each, scope))
        payFor(values, budget)
        return call.handle(values, call, evaluator)
      }
    case 'rcall':
      return (evaluator, call: MethodCallNode, scope) => {
        const values = [call.args[1], ...call.args[2]].map((each) => evaluator.run(each, scope))
        payFor(values, budget)
        return call.handle(values, evaluator, call)
      }
    case '||':
    case '&&': {
      let operands: readonly Node[] | undefined
      return (evaluator, _node, scope) =>
        logical(evaluator, node.op, (operands ??= operandsOf(node)), scope, budget)
    }
    case '-_':
      return (evaluator, _node, scope) => opposite(evaluator.run(node.args, scope))
    default:
      return (evaluator, _node, scope) => {
        const [left, right] = node.args
        return operated(node.op, evaluator.run(left, scope), evaluator.run(right, scope), budget)
      }
  }
}

type SelectionNode = Extract<Node, { readonly op: '.' | '.?' | '[]' | '[?]' }>

function selection(evaluator: Evaluator, node: SelectionNode, scope: Scope): unknown {
  const operand = evaluator.run(node.args[0], scope)
  const key = node.op === '.' || node.op === '.?' ? node.args[1] : evaluator.run(node.args[1], scope)
  const isOptional = node.op === '.?' || node.op === '[?]'
  return isOptional ? optionallySelected(operand, key) : selected(operand, key)
}

function payFor(values: readonly unknown[], budget: Budget): void {
  for (const value of values) {
    if (typeof value === 'string' || value instanceof Uint8Array) budget.spend(value.length / 10)
  }
}
