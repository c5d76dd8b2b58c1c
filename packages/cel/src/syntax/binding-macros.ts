import type { Node } from './ast.ts'
import { type Expand, type Macro, type MacroCall, variableName } from './macros.ts'

/**
 * `cel.bind(name, value, expression)`, and `cel.block([value, ...], expression)`, in which `cel.index(0)` is the first value.
 *
 * Source: cel-go `ext/bindings.go`, `conformance/conformance_test.go`.
 */
export const BINDING_MACROS: readonly Macro[] = [
  ofCel('bind', 3, ({ args: [name, value, body], offset }) => {
    if (name === undefined || value === undefined || body === undefined) return undefined
    const problem = 'cel.bind() variable names must be simple identifiers'
    return { kind: 'bind', name: variableName(name, problem), value, body, offset }
  }),
  ofCel('block', 2, ({ args: [values, body], offset }) => {
    if (values?.kind !== 'list' || body === undefined) return undefined
    return values.elements.reduceRight<Node>(
      (inner, { value }, index) => ({ kind: 'bind', name: `@index${index}`, value, body: inner, offset }),
      body,
    )
  }),
  ofCel('index', 1, (call) => numbered('@index', call)),
  ofCel('iterVar', 2, (call) => numbered('@it', call)),
  ofCel('accuVar', 2, (call) => numbered('@ac', call)),
]

/** A macro of the namespace `cel`. */
function ofCel(name: string, count: number, expand: Expand): Macro {
  return {
    name,
    count,
    isReceiver: true,
    expand: (call) =>
      call.target?.kind === 'ident' && call.target.name === 'cel' ? expand(call) : undefined,
  }
}

/** A variable that is named by numbers. */
function numbered(prefix: string, { args, offset }: MacroCall): Node | undefined {
  const numbers = args.flatMap((arg) =>
    arg.kind === 'literal' && typeof arg.value === 'bigint' ? [arg.value] : [],
  )
  if (numbers.length < args.length) return undefined
  return { kind: 'ident', name: prefix + numbers.join(':'), offset }
}
