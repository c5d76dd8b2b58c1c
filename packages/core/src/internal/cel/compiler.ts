import { budget } from './budget.ts'
import {
  CelCompileError,
  type CelCompiler,
  CelEvaluationError,
  type CelInputs,
  type CelProgram,
  type CelVariable,
  isCelCompileError,
} from './cel.ts'
import { refineChecks } from './checking.ts'
import { environmentFor, inputOf } from './environment.ts'
import { compilationText, evaluationError } from './error-text.ts'
import { issueOf, undeclared } from './issues.ts'
import { type Patterns, patternsWithin } from './library/regular-expressions.ts'
import { meter } from './metering.ts'
import { encodeByteLiterals } from './syntax/byte-literals.ts'
import { convertConstants, numberIssue } from './syntax/constants.ts'
import { applyMarks, withoutMarks } from './syntax/optional-entries.ts'
import { forbiddenNode, hasReplacedCall, withOwnFunctions } from './syntax/rewrite.ts'
import { selectsField } from './syntax/tree.ts'
import { printedType } from './types.ts'
import { celValue } from './values/output.ts'

/** Maximum length of an expression in characters, as in cel-go. */
const MAX_LENGTH = 100_000
/** The depth limit of cel-js does not count signs; enough of them overflow the stack at an unpredictable depth. */
const TOO_MANY_SIGNS = /[!-](?:\s*[!-]){1000}/
/** Size limit of a claim set: one per value and one per 32 characters of strings. */
const MAX_INPUT_SIZE = 100_000

/**
 * Creates a compiler with the variables and functions of Kubernetes, listed in `docs/tokens.md`. Regular expressions follow RE2, and the
 * cost limit bounds the run time.
 *
 * Source: apiserver `pkg/authentication/cel`, `pkg/authorization/cel`; KEP-3331, KEP-3221.
 *
 * Deviation: some syntax is unsupported, and there are limits (`docs/deviations.md`, CEL syntax; CEL limits; CEL expressions).
 *
 * @example
 * const program = celCompiler().compile('claims', 'claims.hd == "example.com"', 'bool')
 * program.evaluate({ hd: 'example.com' }) // true
 */
export function celCompiler(): CelCompiler {
  const costs = budget()
  const patterns = patternsWithin(costs)
  const environments = new Map<CelVariable, ReturnType<typeof environmentFor>>()
  /** Created lazily: a configuration uses one or two of the variables. */
  const environmentOf = (variable: CelVariable): ReturnType<typeof environmentFor> => {
    const made = environments.get(variable) ?? environmentFor(variable, costs, patterns)
    environments.set(variable, made)
    return made
  }

  return {
    compile<V extends CelVariable>(variable: V, expression: string, resultType = 'any'): CelProgram<V> {
      if (expression.length > MAX_LENGTH) {
        throw new CelCompileError(`compilation failed: must be at most ${MAX_LENGTH} characters`)
      }
      if (TOO_MANY_SIGNS.test(expression)) {
        fail(expression, { message: 'the expression is nested too deeply', position: 0 })
      }
      const environment = environmentOf(variable)
      const { root, parsed } = readExpression(expression, (source) => environment.parse(source), patterns)
      const checked = parsed.check()
      if (!checked.valid) fail(expression, issueOf(checked.error))
      meter(parsed.ast, costs)
      checkConstants(expression, parsed.ast)
      const type = checked.type ?? 'dyn'
      if (resultType === 'bool' && type !== 'bool') throw new CelCompileError(mustBeBool(variable, type))

      return {
        expression,
        resultType: type,
        selects: (field) => selectsField(root, variable, field),
        evaluate(input: CelInputs[V]) {
          const { value, size } = inputOf(variable, input)
          if (size > MAX_INPUT_SIZE) throw new CelEvaluationError('the value is too large')
          costs.start()
          try {
            return celValue(parsed({ [variable]: value }), costs)
          } catch (error) {
            throw evaluationError(error)
          }
        },
      }
    },
  }
}

/** In Kubernetes, the authorization compiler names the type and the authentication compiler does not. */
function mustBeBool(variable: CelVariable, type: string): string {
  return variable === 'request'
    ? `must evaluate to bool but got ${printedType(type)}`
    : 'must evaluate to bool'
}

type Parse = ReturnType<typeof environmentFor>['parse']
type Parsed = ReturnType<Parse>

/** The original syntax tree, and the program that uses our functions. */
function readExpression(
  expression: string,
  parse: Parse,
  patterns: Patterns,
): { readonly root: Parsed['ast']; readonly parsed: Parsed } {
  try {
    const { source, marks } = withoutMarks(expression)
    const root = parse(source).ast
    const forbidden = forbiddenNode(root)
    if (forbidden !== undefined) {
      fail(expression, { message: undeclared(forbidden.name), position: forbidden.node.pos })
    }
    const number = numberIssue(root)
    if (number !== undefined) fail(expression, number)
    const pattern = patterns.problem(root)
    if (pattern !== undefined) {
      if (pattern.functionName !== 'matches') failToInstantiate(pattern.message)
      fail(expression, {
        message: `invalid matches argument: ${pattern.message}`,
        position: pattern.node.pos,
      })
    }
    const parsed = parse(withOwnFunctions(source, root))
    if (hasReplacedCall(parsed.ast)) throw new CelCompileError('compilation failed: invalid expression')
    encodeByteLiterals(source, parsed.ast)
    refineChecks(parsed.ast)
    const misplaced = applyMarks(parsed.ast, marks)
    if (misplaced !== undefined) {
      fail(expression, { message: "Syntax error: extraneous input '?'", position: misplaced })
    }
    return { root, parsed }
  } catch (error) {
    if (isCelCompileError(error)) throw error
    return fail(expression, issueOf(error))
  }
}

function checkConstants(expression: string, root: Parsed['ast']): void {
  const failed = convertConstants(root)
  if (failed === undefined) return
  if (failed.literal === undefined) failToInstantiate(failed.message)
  fail(expression, { message: `invalid ${failed.literal} argument`, position: failed.position })
}

function failToInstantiate(reason: string): never {
  throw new CelCompileError(`program instantiation failed: ${reason}`)
}

function fail(expression: string, issue: Parameters<typeof compilationText>[1]): never {
  throw new CelCompileError(compilationText(expression, issue))
}
