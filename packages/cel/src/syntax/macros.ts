import { type FoldForm, type FoldNode, type ListNode, type Node, OPERATORS } from './ast.ts'
import { ExpressionProblem } from './source.ts'

export interface MacroCall<Target = Node | undefined> {
  readonly target: Target
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

/** A macro with a receiver. @param expand gets that number of arguments, if there is one. */
export function receiver(
  name: string,
  count: number | undefined,
  expand: (call: MacroCall<Node>, ...args: Node[]) => Node | undefined,
): Macro {
  return {
    name,
    count,
    isReceiver: true,
    expand: ({ target, args, offset }) => target && expand({ target, args, offset }, ...args),
  }
}

export class Macros {
  readonly #macros: ReadonlyMap<string, Expand>

  constructor(macros: readonly Macro[]) {
    this.#macros = new Map(
      macros.map(({ name, count, isReceiver, expand }) => [keyOf(name, count, isReceiver), expand]),
    )
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

export function variableName(node: Node, problem: string): string {
  if (node.kind !== 'ident') throw new ExpressionProblem(problem, node.offset)
  if (node.name === ACCUMULATOR || node.name === '__result__') {
    throw new ExpressionProblem('iteration variable overwrites accumulator variable', node.offset)
  }
  return node.name
}

/** Expands a comprehension over a range, with one or two variables. */
export function comprehension(
  form: FoldForm,
  { target, offset }: MacroCall<Node>,
  variables: FoldNode['variables'],
  body: Node,
  predicate?: Node,
): FoldNode {
  const accumulator: Node = { kind: 'ident', name: ACCUMULATOR, offset }
  const { step, ...rest } = expansion(form, accumulator, variables[0], body)
  return {
    kind: 'fold',
    form,
    range: target,
    variables,
    accumulator: ACCUMULATOR,
    condition: { kind: 'literal', value: true, offset },
    result: accumulator,
    ...rest,
    step:
      predicate === undefined ? step : calledAt(offset, OPERATORS.conditional, predicate, step, accumulator),
    predicate,
    body,
    offset,
  }
}

/** The parts of one form of a comprehension. By default it goes through all items, and its result is the accumulator. */
function expansion(
  form: FoldForm,
  accumulator: Node,
  key: string,
  body: Node,
): Pick<FoldNode, 'initial' | 'step'> & Partial<Pick<FoldNode, 'condition' | 'result'>> {
  const { offset } = accumulator
  const called = (name: string, ...args: readonly Node[]): Node => calledAt(offset, name, ...args)
  const literal = (value: boolean | bigint): Node => ({ kind: 'literal', value, offset })
  const list = (...elements: readonly Node[]): ListNode => ({
    kind: 'list',
    elements: elements.map((value) => ({ value, isOptional: false })),
    offset,
  })
  const map: Node = { kind: 'map', entries: [], offset }
  switch (form) {
    case 'all':
      return {
        initial: literal(true),
        condition: called(OPERATORS.notStrictlyFalse, accumulator),
        step: called(OPERATORS.and, accumulator, body),
      }
    case 'exists':
      return {
        initial: literal(false),
        condition: called(OPERATORS.notStrictlyFalse, called(OPERATORS.not, accumulator)),
        step: called(OPERATORS.or, accumulator, body),
      }
    case 'existsOne':
      return {
        initial: literal(0n),
        step: called(
          OPERATORS.conditional,
          body,
          called(OPERATORS.add, accumulator, literal(1n)),
          accumulator,
        ),
        result: called(OPERATORS.equals, accumulator, literal(1n)),
      }
    case 'list':
      return { initial: list(), step: called(OPERATORS.add, accumulator, list(body)) }
    case 'map':
      return {
        initial: map,
        step: called(MAP_INSERT, accumulator, { kind: 'ident', name: key, offset }, body),
      }
    case 'entries':
      return { initial: map, step: called(MAP_INSERT, accumulator, body) }
  }
}

/** The function that inserts entries into the map of a comprehension. */
export const MAP_INSERT = 'cel.@mapInsert'
