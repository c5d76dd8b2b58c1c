import { RE2JS } from '@bufbuild/re2'
import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from './budget.ts'
import { nodesOf } from './tree.ts'
import type { Node } from './engine.ts'

/** A pattern is at most this long. */
const MAX_PATTERN_LENGTH = 4096
/** Patterns that are not literals are kept up to this number. */
const MAX_PATTERNS = 64

/**
 * Registers `matches`, as RE2 does it, in time that is linear in the text. The one of the library is JavaScript's, which a text of
 * 28 characters can keep busy for seconds, and which knows neither `(?i)` nor `\pL`.
 *
 * Source: cel-spec, "Regular Expressions".
 */
export function registerRegularExpressions(environment: Environment, budget: Budget): void {
  const compiled = new Map<string, RE2JS>()
  environment.registerFunction(
    'string.Matches(string): bool',
    (text: string, pattern: string) => {
      budget.spend(1 + (text.length * pattern.length) / 40)
      let expression = compiled.get(pattern)
      if (expression === undefined) {
        budget.spend(pattern.length)
        expression = compilePattern(pattern)
        if (compiled.size >= MAX_PATTERNS) compiled.clear()
        compiled.set(pattern, expression)
      }
      return expression.test(text)
    },
    { async: false },
  )
}

/** What is wrong with a pattern that is written out, so that it shows before anybody is asked about a text. */
export function patternProblem(root: Node): { readonly node: Node; readonly message: string } | undefined {
  for (const node of nodesOf(root)) {
    if (node.op !== 'rcall') continue
    const [name, , [pattern]] = node.args
    if (name !== 'matches' || pattern?.op !== 'value' || typeof pattern.args !== 'string') continue
    try {
      compilePattern(pattern.args)
    } catch (error) {
      return { node: pattern, message: error instanceof Error ? error.message : 'error parsing regexp' }
    }
  }
  return undefined
}

function compilePattern(pattern: string): RE2JS {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new RangeError(`a pattern must be at most ${MAX_PATTERN_LENGTH} characters`)
  }
  return RE2JS.compile(pattern)
}
