import type { Explanation } from '../live-area.ts'
import type { RecordedExpression } from './cel.ts'

/** The kind of difference: whether it compiles, the static type, or the value, each with the message or value of both sides. */
interface CelClass {
  readonly row: string
  readonly at: 'compiles' | 'static type' | 'value'
  /** Matches the JSON of kube-apiserver's result; `undefined` for an expression that compiles. */
  readonly there: RegExp
  readonly here: RegExp
  readonly expression: RegExp
}

const COMPILES = /^undefined$/
const VALUE = /^\{"value":/
/** The claims as a whole, and not one of them. */
const CLAIMS = String.raw`(?<![\w"]|\w\.)claims(?!\w|\[|\.(?!all|exists|filter|map|transform))`

const classes: readonly CelClass[] = [
  {
    row: 'CEL ranges',
    at: 'compiles',
    there: /cannot be range of a comprehension/,
    here: COMPILES,
    expression: /\.(?:all|exists|exists_one|existsOne|map|filter|transform\w+|sortBy|optMap)\(/,
  },
  {
    row: 'CEL ranges',
    at: 'value',
    there: /"err(?:or)?":"no such overload"/,
    here: VALUE,
    expression: new RegExp(CLAIMS),
  },
  {
    row: 'CEL patterns',
    at: 'compiles',
    there: COMPILES,
    here: /invalid matches argument|error parsing regexp/,
    expression: /\.(?:matches|find|findAll)\(/,
  },
  {
    row: 'keys of CEL maps',
    at: 'value',
    there: VALUE,
    here: VALUE,
    expression: /dyn\((\d+)\): .*\bdyn\(\1u\): /,
  },
  {
    row: 'order of CEL maps',
    at: 'value',
    there: /^\{"value":\[/,
    here: /^\{"value":\[/,
    expression: /\buser\.extra\.map\(|\}\.transformList\(|\bclaims\.filter\(/,
  },
]

/** Why expressions differ in value or type, or compile on one side only. */
export const explainedCel: readonly Explanation<RecordedExpression>[] = classes.map(
  ({ row, at, there, here, expression }) => ({
    row,
    about: `${at}: ${String(there)} there, ${String(here)} here, of ${String(expression)}`,
    explains: (difference, { expr }) =>
      difference.at === at &&
      there.test(text(difference.there)) &&
      here.test(text(difference.here)) &&
      expression.test(expr),
  }),
)

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
}
