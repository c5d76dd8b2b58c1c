import type { FoldForm, FoldNode, Node } from './ast.ts'
import { calledAt, comprehension, type Macro, type MacroCall, methodAt, variableName } from './macros.ts'
import { OPERATORS } from './ast.ts'
import { SyntaxProblem } from './source.ts'

const NOT_A_NAME = 'argument must be a simple name'
const NOT_AN_IDENTIFIER = 'argument is not an identifier'

/**
 * The macros of the language: `has`, `all`, `exists`, `exists_one`, `filter` and `map`.
 *
 * Source: cel-spec, "Macros"; cel-go `parser/macro.go`.
 */
export const STANDARD_MACROS: readonly Macro[] = [
  { name: 'has', count: 1, isReceiver: false, expand: presence },
  receiver('all', 2, (call) => single('all', NOT_A_NAME, call)),
  receiver('exists', 2, (call) => single('exists', NOT_A_NAME, call)),
  receiver('exists_one', 2, (call) => single('existsOne', NOT_A_NAME, call)),
  receiver('map', 2, (call) => single('list', NOT_AN_IDENTIFIER, call)),
  receiver('map', 3, (call) => single('list', NOT_AN_IDENTIFIER, call)),
  receiver('filter', 2, (call) => {
    const [element, predicate] = argumentsOf(call, 2)
    return comprehension('list', call, [variableName(element, NOT_AN_IDENTIFIER)], element, predicate)
  }),
]

/** The new name of `exists_one`, which Kubernetes does not have for one variable. */
export const EXISTS_ONE_MACROS: readonly Macro[] = [
  receiver('existsOne', 2, (call) => single('existsOne', NOT_A_NAME, call)),
]

/**
 * The comprehensions with two variables: the index and the element of a list, or the key and the value of a map.
 *
 * Source: cel-go `ext/comprehensions.go`.
 */
export const TWO_VARIABLE_MACROS: readonly Macro[] = [
  ...(['all', 'exists', 'existsOne'] as const).map((form) => receiver(form, 3, (call) => double(form, call))),
  receiver('exists_one', 3, (call) => double('existsOne', call)),
  ...([3, 4] as const).flatMap((count) => [
    receiver('transformList', count, (call) => double('list', call)),
    receiver('transformMap', count, (call) => double('map', call)),
    receiver('transformMapEntry', count, (call) => double('entries', call)),
  ]),
]

/**
 * `optMap` and `optFlatMap`.
 *
 * Source: cel-go `cel/library.go` (`optMap`, `optFlatMap`).
 */
export const OPTIONAL_MACROS: readonly Macro[] = [
  receiver('optMap', 2, (call) =>
    optional(call, 'optMap', (value) => calledAt(call.offset, 'optional.of', value)),
  ),
  receiver('optFlatMap', 2, (call) => optional(call, 'optFlatMap', (value) => value)),
]

/**
 * `sortBy`.
 *
 * Source: cel-go `ext/lists.go` (`sortByMacro`).
 */
export const SORTING_MACROS: readonly Macro[] = [
  receiver('sortBy', 2, (call) => {
    const { offset, target } = call
    const [element, key] = argumentsOf(call, 2)
    if (target === undefined || !SORTABLE.has(target.kind)) {
      const problem =
        'sortBy can only be applied to a list, identifier, comprehension, call or select expression'
      throw new SyntaxProblem(problem, (target ?? call).offset)
    }
    const name = '@__sortBy_input__'
    const input: Node = { kind: 'ident', name, offset }
    const variable = variableName(element, NOT_AN_IDENTIFIER)
    const keys = comprehension('list', { ...call, target: input }, [variable], key)
    const sorted: Node = { kind: 'call', name: '@sortByAssociatedKeys', target: input, args: [keys], offset }
    return { kind: 'bind', name, value: target, body: sorted, offset }
  }),
]

const SORTABLE: ReadonlySet<Node['kind']> = new Set(['list', 'select', 'ident', 'fold', 'bind', 'call'])

function receiver(name: string, count: number, expand: Macro['expand']): Macro {
  return { name, count, isReceiver: true, expand }
}

function argumentsOf({ args }: MacroCall, count: 2): readonly [Node, Node]
function argumentsOf({ args }: MacroCall, count: 3): readonly [Node, Node, Node]
function argumentsOf({ args: [first, second, third] }: MacroCall, count: 2 | 3): readonly Node[] {
  if (first === undefined || second === undefined || (count === 3 && third === undefined)) {
    throw new TypeError(`a macro has ${count} arguments`)
  }
  return third === undefined ? [first, second] : [first, second, third]
}

function presence({ args: [argument], offset }: MacroCall): Node {
  if (argument?.kind !== 'select') {
    throw new SyntaxProblem('invalid argument to has() macro', argument?.offset ?? offset)
  }
  return { ...argument, isTest: true, offset }
}

function single(form: FoldForm, problem: string, call: MacroCall): FoldNode {
  const [name] = argumentsOf(call, 2)
  return withBody(form, call, [variableName(name, problem)])
}

function double(form: FoldForm, call: MacroCall): FoldNode {
  const [one, other] = argumentsOf(call, 3)
  const names = [simpleName(one), simpleName(other)] as const
  if (names[0] === names[1]) {
    throw new SyntaxProblem(`duplicate variable name: ${names[0]}`, other.offset)
  }
  return withBody(form, call, [variableName(one, NOT_A_NAME), variableName(other, NOT_A_NAME)])
}

function simpleName(node: Node): string {
  if (node.kind !== 'ident') throw new SyntaxProblem(NOT_A_NAME, node.offset)
  return node.name
}

/** The body is the last argument, and the predicate the one before, if both are there. */
function withBody(form: FoldForm, call: MacroCall, variables: FoldNode['variables']): FoldNode {
  const [first, second] = call.args.slice(variables.length)
  if (first === undefined) throw new TypeError('a comprehension has a body')
  return second === undefined
    ? comprehension(form, call, variables, first)
    : comprehension(form, call, variables, second, first)
}

/** The receiver is used twice. */
function optional(call: MacroCall, macro: string, wrapped: (value: Node) => Node): Node {
  const { target, offset } = call
  const [variable, body] = argumentsOf(call, 2)
  if (target === undefined) throw new TypeError('the macro has a receiver')
  const name = variableName(variable, `${macro}() variable name must be a simple identifier`)
  const once = { kind: 'once', node: target, offset: target.offset } as const
  const again: Node = { kind: 'again', of: once, offset: target.offset }
  return calledAt(
    offset,
    OPERATORS.conditional,
    methodAt(offset, once, 'hasValue'),
    wrapped({ kind: 'bind', name, value: methodAt(offset, again, 'value'), body, offset }),
    calledAt(offset, 'optional.none'),
  )
}
