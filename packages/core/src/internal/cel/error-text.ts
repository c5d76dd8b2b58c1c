import { EvaluationError } from '@marcbachmann/cel-js'
import { BudgetExceeded } from './budget.ts'
import { CelEvaluationError, isCelEvaluationError } from './cel.ts'
import type { Issue } from './issues.ts'

/** Longer source lines are not repeated. */
const MAX_SHOWN_LENGTH = 1024

/** The message as in Kubernetes: `compilation failed: ERROR: <input>:1:1: ...`, with the line and a mark below it. */
export function compilationText(source: string, { message, position }: Issue): string {
  const before = source.slice(0, position).split('\n')
  const column = Array.from(before.at(-1) ?? '').length
  const line = source.split('\n')[before.length - 1] ?? ''
  const text = `compilation failed: ERROR: <input>:${before.length}:${column + 1}: ${message}`
  return line.length > MAX_SHOWN_LENGTH ? text : `${text}\n | ${line}\n | ${'.'.repeat(column)}^`
}

/**
 * Converts any error of an evaluation.
 *
 * Deviation: invalid strings are not repeated (`docs/deviations.md`, CEL errors).
 */
export function evaluationError(error: unknown): CelEvaluationError {
  if (isCelEvaluationError(error)) return error
  return new CelEvaluationError(evaluationText(error), { cause: error })
}

function evaluationText(error: unknown): string {
  if (error instanceof BudgetExceeded) return error.message
  // Other messages of cel-js may repeat a value.
  if (!(error instanceof EvaluationError)) return 'evaluation failed'
  const { code, summary } = error
  if (code === 'optional_value_missing') return 'optional.none() dereference'
  return `no such overload${calledName(summary)}`
}

/** The function name from a cel-js message that is about types and contains no value. */
function calledName(summary: string): string {
  if (summary.startsWith('no such overload: !')) return ': !_'
  const [, name] = /^found no matching overload for '(?:[^'(]*\.)?(\w+)\(/.exec(summary) ?? []
  return name === undefined ? '' : `: ${name.charAt(0).toLowerCase()}${name.slice(1)}`
}
