import { EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js'
import { BudgetExceeded } from './budget.ts'
import { CelEvaluationError } from './cel.ts'

/** A line that is longer is not repeated. */
const MAX_SHOWN_LENGTH = 1024

/** What is wrong, and where. */
export interface Issue {
  readonly message: string
  /** Counted in UTF-16 units from the start. */
  readonly position: number
}

/** As Kubernetes prints it: `compilation failed: ERROR: <input>:1:1: ...`, with the line and a mark below it. */
export function compilationText(source: string, { message, position }: Issue): string {
  const before = source.slice(0, position).split('\n')
  const column = Array.from(before.at(-1) ?? '').length
  const line = source.split('\n')[before.length - 1] ?? ''
  const text = `compilation failed: ERROR: <input>:${before.length}:${column + 1}: ${message}`
  return line.length > MAX_SHOWN_LENGTH ? text : `${text}\n | ${line}\n | ${'.'.repeat(column)}^`
}

/** What the library says of an expression, in cel-go's words where they are known. */
export function issueOf(error: unknown): Issue {
  if (!(error instanceof ParseError || error instanceof CelTypeError)) {
    return {
      message: error instanceof RangeError ? 'the expression is nested too deeply' : 'invalid expression',
      position: 0,
    }
  }
  const position = error.range?.start ?? 0
  if (error instanceof ParseError) return { message: `Syntax error: ${error.summary}`, position }
  const [, name] = /^Unknown variable: (.*)$/.exec(error.summary) ?? []
  if (name !== undefined) return { message: undeclared(name), position }
  const message = error.summary
    .replace(/^no such overload:/, 'found no matching overload for')
    .replace(/^(?:List elements must have the same type|Map (?:key|value) uses wrong type), (?=expected)/, '')
    // Our own functions have capitals in the library.
    .replace(
      /^(found no matching overload for '(?:.*\.)?)([A-Z])(?=\w*\()/,
      (_, before: string, first: string) => before + first.toLowerCase(),
    )
  return { message, position }
}

/** cel-go's text for a name that is none. */
export function undeclared(name: string): string {
  return `undeclared reference to '${name}' (in container '')`
}

/** What an evaluation ended with. */
export function evaluationError(error: unknown): CelEvaluationError {
  if (error instanceof CelEvaluationError) return error
  return new CelEvaluationError(evaluationText(error), { cause: error })
}

function evaluationText(error: unknown): string {
  if (error instanceof BudgetExceeded) return error.message
  // Other texts of the library may repeat a value.
  if (!(error instanceof EvaluationError)) return 'evaluation failed'
  const { code, summary } = error
  if (code === 'no_such_key') return summary.replace(/^No such key/, 'no such key')
  if (code === 'index_out_of_bounds') {
    return `index out of bounds: ${/index (-?\d+)/.exec(summary)?.[1] ?? ''}`
  }
  if (code === 'division_by_zero' || code === 'modulo_by_zero') return summary.replace('modulo', 'modulus')
  if (code === 'numeric_overflow') {
    return /^unsigned/i.test(summary) ? 'unsigned integer overflow' : 'integer overflow'
  }
  if (code === 'optional_value_missing') return 'optional.none() dereference'
  if (code === 'bool_conversion_error') return "type conversion error from 'string' to 'bool'"
  return `no such overload${calledName(summary)}`
}

/** What was called, from a text of the library's, which is about types and names no value. */
function calledName(summary: string): string {
  const [, operator] = /^no such overload: \S+(?:<.*>)? (\S+) [^ ]+(?:<.*>)?$/.exec(summary) ?? []
  if (operator !== undefined) return `: ${operator === 'in' ? '@in' : `_${operator}_`}`
  const [, sign] = /^no such overload: ([!-])/.exec(summary) ?? []
  if (sign !== undefined) return `: ${sign}_`
  const [, name] = /^found no matching overload for '(?:[^'(]*\.)?(\w+)\(/.exec(summary) ?? []
  return name === undefined ? '' : `: ${name.charAt(0).toLowerCase()}${name.slice(1)}`
}
