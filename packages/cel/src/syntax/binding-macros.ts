import type { Node } from './ast.ts'
import { type Macro, receiver, variableName } from './macros.ts'

/**
 * `cel.bind(name, value, expression)`, and `cel.block([value, ...], expression)`, in which `cel.index(0)` is the first value.
 *
 * Source: cel-go `ext/bindings.go`, `conformance/conformance_test.go`.
 */
export const BINDING_MACROS: readonly Macro[] = [
  ofCel('bind', 3, (offset, name, value, body) => {
    const problem = 'cel.bind() variable names must be simple identifiers'
    return { kind: 'bind', name: variableName(name, problem), value, body, offset }
  }),
  ofCel('block', 2, (offset, values, body) => {
    if (values.kind !== 'list') return undefined
    return values.elements.reduceRight<Node>(
      (inner, { value }, index) => ({ kind: 'bind', name: `@index${index}`, value, body: inner, offset }),
      body,
    )
  }),
  ofCel('index', 1, numbered('@index')),
  ofCel('iterVar', 2, numbered('@it')),
  ofCel('accuVar', 2, numbered('@ac')),
]

type Expand = (offset: number, ...args: Node[]) => Node | undefined

function ofCel(name: string, count: number, expand: Expand): Macro {
  return receiver(name, count, ({ target, offset }, ...args) =>
    target.kind === 'ident' && target.name === 'cel' ? expand(offset, ...args) : undefined,
  )
}

/** A variable that is named by numbers. */
function numbered(prefix: string): Expand {
  return (offset, ...args) => {
    const numbers = args.flatMap((arg) =>
      arg.kind === 'literal' && typeof arg.value === 'bigint' ? [arg.value] : [],
    )
    if (numbers.length < args.length) return undefined
    return { kind: 'ident', name: prefix + numbers.join(':'), offset }
  }
}
