import { type FoldForm, type FoldNode, type Node, OPERATORS } from './ast.ts'
import { calledAt, comprehension, type Macro, type MacroCall, receiver, variableName } from './macros.ts'
import { ExpressionProblem } from './source.ts'

const NOT_A_NAME = 'argument must be a simple name'
const NOT_AN_IDENTIFIER = 'argument is not an identifier'

/**
 * The macros of the language: `has`, `all`, `exists`, `exists_one`, `filter` and `map`.
 *
 * Source: cel-spec, "Macros"; cel-go `parser/macro.go`.
 */
export const STANDARD_MACROS: readonly Macro[] = [
  { name: 'has', count: 1, isReceiver: false, expand: presence },
  receiver('all', 2, single('all', NOT_A_NAME)),
  receiver('exists', 2, single('exists', NOT_A_NAME)),
  receiver('exists_one', 2, single('existsOne', NOT_A_NAME)),
  receiver('map', 2, single('list', NOT_AN_IDENTIFIER)),
  receiver('map', 3, single('list', NOT_AN_IDENTIFIER)),
  receiver('filter', 2, (call, element, predicate) =>
    comprehension('list', call, [variableName(element, NOT_AN_IDENTIFIER)], element, predicate),
  ),
]

/** The new name of `exists_one`, which Kubernetes does not have for one variable. */
export const EXISTS_ONE_MACROS: readonly Macro[] = [receiver('existsOne', 2, single('existsOne', NOT_A_NAME))]

/**
 * The comprehensions with two variables: the index and the element of a list, or the key and the value of a map.
 *
 * Source: cel-go `ext/comprehensions.go`.
 */
export const TWO_VARIABLE_MACROS: readonly Macro[] = [
  receiver('all', 3, double('all')),
  receiver('exists', 3, double('exists')),
  receiver('existsOne', 3, double('existsOne')),
  receiver('exists_one', 3, double('existsOne')),
  ...[3, 4].flatMap((count) => [
    receiver('transformList', count, double('list')),
    receiver('transformMap', count, double('map')),
    receiver('transformMapEntry', count, double('entries')),
  ]),
]

/**
 * `optMap` and `optFlatMap`.
 *
 * Source: cel-go `cel/library.go` (`optMap`, `optFlatMap`).
 */
export const OPTIONAL_MACROS: readonly Macro[] = [
  optional('optMap', (value, offset) => calledAt(offset, 'optional.of', value)),
  optional('optFlatMap', (value) => value),
]

/**
 * `sortBy`.
 *
 * Source: cel-go `ext/lists.go` (`sortByMacro`).
 */
export const SORTING_MACROS: readonly Macro[] = [
  receiver('sortBy', 2, (call, element, key) => {
    const { offset, target } = call
    if (!SORTABLE.has(target.kind)) {
      const problem =
        'sortBy can only be applied to a list, identifier, comprehension, call or select expression'
      throw new ExpressionProblem(problem, target.offset)
    }
    const name = '@__sortBy_input__'
    const input: Node = { kind: 'ident', name, offset }
    const variable = variableName(element, NOT_AN_IDENTIFIER)
    const keys = comprehension('list', { ...call, target: input }, [variable], key)
    const body: Node = { kind: 'call', name: '@sortByAssociatedKeys', target: input, args: [keys], offset }
    return { kind: 'bind', name, value: target, body, offset }
  }),
]

const SORTABLE: ReadonlySet<Node['kind']> = new Set(['list', 'select', 'ident', 'fold', 'bind', 'call'])

function presence({ args: [argument], offset }: MacroCall): Node {
  if (argument?.kind !== 'select') {
    throw new ExpressionProblem('invalid argument to has() macro', argument?.offset ?? offset)
  }
  return { ...argument, isTest: true, offset }
}

type Expand = Parameters<typeof receiver>[2]

/** The body is the last argument, and the predicate the one before, if both are there. */
function single(form: FoldForm, problem: string): Expand {
  return (call, name, first, second) => folded(form, call, [variableName(name, problem)], first, second)
}

function double(form: FoldForm): Expand {
  return (call, one, other, first, second) => {
    const names = [one, other].map(simpleName)
    if (names[0] === names[1])
      throw new ExpressionProblem(`duplicate variable name: ${names[0]}`, other.offset)
    const variables = [variableName(one, NOT_A_NAME), variableName(other, NOT_A_NAME)] as const
    return folded(form, call, variables, first, second)
  }
}

function simpleName(node: Node): string {
  if (node.kind !== 'ident') throw new ExpressionProblem(NOT_A_NAME, node.offset)
  return node.name
}

function folded(
  form: FoldForm,
  call: MacroCall<Node>,
  variables: FoldNode['variables'],
  first: Node,
  second: Node | undefined,
): FoldNode {
  return second === undefined
    ? comprehension(form, call, variables, first)
    : comprehension(form, call, variables, second, first)
}

/** The receiver is used twice. */
function optional(macro: string, wrapped: (value: Node, offset: number) => Node): Macro {
  return receiver(macro, 2, ({ target, offset }, variable, body) => {
    const local = variableName(variable, `${macro}() variable name must be a simple identifier`)
    const once: Node = { kind: 'once', node: target, offset: target.offset }
    const again: Node = { kind: 'again', of: once, offset: target.offset }
    const method = (on: Node, name: string): Node => ({ kind: 'call', name, target: on, args: [], offset })
    return calledAt(
      offset,
      OPERATORS.conditional,
      method(once, 'hasValue'),
      wrapped({ kind: 'bind', name: local, value: method(again, 'value'), body, offset }, offset),
      calledAt(offset, 'optional.none'),
    )
  })
}
