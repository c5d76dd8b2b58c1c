import type { Uint } from '../values/value.ts'

export type LiteralValue = string | number | bigint | boolean | null | Uint | Uint8Array

/** A node, with the offset in UTF-16 units at which cel-go reports its errors. */
interface Placed {
  readonly offset: number
}

export interface LiteralNode extends Placed {
  readonly kind: 'literal'
  readonly value: LiteralValue
}

/** A name; a leading dot skips local variables. */
export interface IdentNode extends Placed {
  readonly kind: 'ident'
  readonly name: string
}

/** `operand.field`, or `has(operand.field)`. */
export interface SelectNode extends Placed {
  readonly kind: 'select'
  readonly operand: Node
  readonly field: string
  readonly isTest: boolean
}

/** A call of a function, a method or an operator. `&&` and `||` have any number of arguments. */
export interface CallNode extends Placed {
  readonly kind: 'call'
  readonly name: string
  readonly target: Node | undefined
  readonly args: readonly Node[]
}

export interface ListNode extends Placed {
  readonly kind: 'list'
  readonly elements: readonly { readonly value: Node; readonly isOptional: boolean }[]
}

export interface MapNode extends Placed {
  readonly kind: 'map'
  readonly entries: readonly { readonly key: Node; readonly value: Node; readonly isOptional: boolean }[]
}

/** `name{...}`, which is only recognised to be refused. */
export interface MessageNode extends Placed {
  readonly kind: 'message'
  readonly name: string
}

/** What a comprehension computes: `list` appends, and `map` and `entries` insert. */
export type FoldForm = 'all' | 'exists' | 'existsOne' | 'list' | 'map' | 'entries'

/** A comprehension. The checker reads the expanded parts, as in cel-go, and the evaluator `form`, `predicate` and `body`, which are parts of the step. */
export interface FoldNode extends Placed {
  readonly kind: 'fold'
  readonly form: FoldForm
  readonly range: Node
  readonly variables: readonly [string] | readonly [string, string]
  readonly accumulator: string
  readonly initial: Node
  readonly condition: Node
  readonly step: Node
  readonly result: Node
  readonly predicate: Node | undefined
  readonly body: Node
}

/** An expression with a named value. */
export interface BindNode extends Placed {
  readonly kind: 'bind'
  readonly name: string
  readonly value: Node
  readonly body: Node
}

/** A node that a macro repeats, evaluated here. */
export interface OnceNode extends Placed {
  readonly kind: 'once'
  readonly node: Node
}

/** The repetition of a node, with the same value and the same cost. */
export interface AgainNode extends Placed {
  readonly kind: 'again'
  readonly of: OnceNode
}

export type Node =
  | LiteralNode
  | IdentNode
  | SelectNode
  | CallNode
  | ListNode
  | MapNode
  | MessageNode
  | FoldNode
  | BindNode
  | OnceNode
  | AgainNode

/** The names of operators, as in cel-go `common/operators`. */
export const OPERATORS = {
  add: '_+_',
  conditional: '_?_:_',
  equals: '_==_',
  in: '@in',
  index: '_[_]',
  and: '_&&_',
  not: '!_',
  or: '_||_',
  negate: '-_',
  notStrictlyFalse: '@not_strictly_false',
  optionalIndex: '_[?_]',
  optionalSelect: '_?._',
} as const

/** The children of a node, in order; a repeated node is a child once. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'ident':
    case 'message':
    case 'again':
      return []
    case 'select':
      return [node.operand]
    case 'call':
      return node.target === undefined ? node.args : [node.target, ...node.args]
    case 'list':
      return node.elements.map(({ value }) => value)
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value])
    case 'fold':
      return [node.range, node.initial, node.condition, node.step, node.result]
    case 'bind':
      return [node.value, node.body]
    case 'once':
      return [node.node]
  }
}

/** A node and its descendants, parents first. */
export function* nodesOf(root: Node): Generator<Node> {
  const waiting = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    waiting.push(...childrenOf(node).toReversed())
  }
}

/** The parts of `a.b.c`; `undefined` for any other expression. */
export function qualifiedName(node: Node): readonly string[] | undefined {
  if (node.kind === 'ident') return [node.name]
  if (node.kind !== 'select' || node.isTest) return undefined
  const operand = qualifiedName(node.operand)
  return operand === undefined ? undefined : [...operand, node.field]
}
