import type { FoldForm, FoldNode, ListNode, Node } from './ast.ts'
import { OPERATORS } from './ast.ts'
import { SyntaxProblem } from './source.ts'

/** A call that may be a macro. */
export interface MacroCall {
  readonly target: Node | undefined
  readonly args: readonly Node[]
  /** The offset of the call, which is that of all nodes that the macro adds. */
  readonly offset: number
}

/** Replaces a call; `undefined` if it is not a macro after all. */
export type Expand = (call: MacroCall) => Node | undefined

/** A macro: a call of this name, with this number of arguments, and with or without a receiver. */
export interface Macro {
  readonly name: string
  /** `undefined` for any. */
  readonly count: number | undefined
  readonly isReceiver: boolean
  readonly expand: Expand
}

/** The macros of an environment. */
export class Macros {
  readonly #macros = new Map<string, Expand>()

  constructor(macros: readonly Macro[]) {
    for (const { name, count, isReceiver, expand } of macros) {
      this.#macros.set(keyOf(name, count, isReceiver), expand)
    }
  }

  find(name: string, count: number, isReceiver: boolean): Expand | undefined {
    return (
      this.#macros.get(keyOf(name, count, isReceiver)) ?? this.#macros.get(keyOf(name, undefined, isReceiver))
    )
  }
}

function keyOf(name: string, count: number | undefined, isReceiver: boolean): string {
  return `${name}:${count ?? '*'}:${isReceiver}`
}

/** The name of the accumulator of a comprehension, which expressions cannot use. */
const ACCUMULATOR = '@result'

/** A node at the place of the macro call. */
export function calledAt(offset: number, name: string, ...args: readonly Node[]): Node {
  return { kind: 'call', name, target: undefined, args, offset }
}

/** A call with a receiver, at the place of the macro call. */
export function methodAt(offset: number, target: Node, name: string): Node {
  return { kind: 'call', name, target, args: [], offset }
}

/** The name of a variable that a macro declares. */
export function variableName(node: Node, problem: string): string {
  if (node.kind !== 'ident') throw new SyntaxProblem(problem, node.offset)
  if (node.name === ACCUMULATOR || node.name === '__result__') {
    throw new SyntaxProblem('iteration variable overwrites accumulator variable', node.offset)
  }
  return node.name
}

/** The names, values and results of one form of a comprehension, in terms of its accumulator. */
interface Expansion {
  readonly initial: Node
  readonly condition: Node
  readonly step: Node
  readonly result: Node
}

/** Expands a comprehension over a range, with one or two variables. */
export function comprehension(
  form: FoldForm,
  { target, offset }: MacroCall,
  variables: FoldNode['variables'],
  body: Node,
  predicate?: Node,
): FoldNode {
  if (target === undefined) throw new TypeError('a comprehension has a range')
  const { step, ...rest } = expansion(form, offset, variables[0], body)
  const accumulator: Node = { kind: 'ident', name: ACCUMULATOR, offset }
  return {
    kind: 'fold',
    form,
    range: target,
    variables,
    accumulator: ACCUMULATOR,
    ...rest,
    step:
      predicate === undefined ? step : calledAt(offset, OPERATORS.conditional, predicate, step, accumulator),
    predicate,
    body,
    offset,
  }
}

function expansion(form: FoldForm, offset: number, key: string, body: Node): Expansion {
  const result: Node = { kind: 'ident', name: ACCUMULATOR, offset }
  const literal = (value: boolean | bigint): Node => ({ kind: 'literal', value, offset })
  const notFalse = (node: Node): Node => calledAt(offset, OPERATORS.notStrictlyFalse, node)
  const map: Node = { kind: 'map', entries: [], offset }
  const condition = literal(true)
  switch (form) {
    case 'all':
      return {
        initial: condition,
        condition: notFalse(result),
        step: calledAt(offset, OPERATORS.and, result, body),
        result,
      }
    case 'exists':
      return {
        initial: literal(false),
        condition: notFalse(calledAt(offset, OPERATORS.not, result)),
        step: calledAt(offset, OPERATORS.or, result, body),
        result,
      }
    case 'existsOne': {
      const more = calledAt(offset, OPERATORS.add, result, literal(1n))
      return {
        initial: literal(0n),
        condition,
        step: calledAt(offset, OPERATORS.conditional, body, more, result),
        result: calledAt(offset, OPERATORS.equals, result, literal(1n)),
      }
    }
    case 'list': {
      const added: ListNode = { kind: 'list', elements: [{ value: body, isOptional: false }], offset }
      return {
        initial: emptyList(offset),
        condition,
        step: calledAt(offset, OPERATORS.add, result, added),
        result,
      }
    }
    case 'map':
      return {
        initial: map,
        condition,
        step: calledAt(offset, MAP_INSERT, result, { kind: 'ident', name: key, offset }, body),
        result,
      }
    case 'entries':
      return { initial: map, condition, step: calledAt(offset, MAP_INSERT, result, body), result }
  }
}

/** The function that inserts entries into the map of a comprehension. */
export const MAP_INSERT = 'cel.@mapInsert'

function emptyList(offset: number): ListNode {
  return { kind: 'list', elements: [], offset }
}
