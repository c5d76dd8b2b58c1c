import type { ErrorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'
import type { Compile } from './compile.ts'
import type { ClaimValidationRule, UserValidationRule } from './config.ts'
import type { CompiledJwtAuthenticator } from './programs.ts'

/** Validates the rules over claims and compiles their expressions. */
export function validateClaimRules(
  rules: readonly ClaimValidationRule[],
  path: FieldPath,
  errors: ErrorList,
  compile: Compile,
): CompiledJwtAuthenticator['claimRules'] {
  const claims = new Set<string>()
  const expressions = new Set<string>()
  return rules.flatMap((rule, index) => {
    const { claim, expression, message, requiredValue } = rule
    const rulePath = path.index(index)
    if (claim !== '' && expression !== '') {
      errors.invalid(rulePath, claim, "claim and expression can't both be set")
      return []
    }
    if (claim === '' && expression === '') {
      errors.required(rulePath, 'claim or expression is required')
      return []
    }
    if (claim !== '') {
      if (message !== '') {
        errors.invalid(rulePath.child('message'), message, 'may not be specified when claim is set')
      }
      if (claims.has(claim)) errors.duplicate(rulePath.child('claim'), claim)
      claims.add(claim)
      return []
    }
    if (requiredValue !== '') {
      const detail = 'may not be specified when expression is set'
      errors.invalid(rulePath.child('requiredValue'), requiredValue, detail)
    }
    if (expressions.has(expression)) {
      errors.duplicate(rulePath.child('expression'), expression)
      return []
    }
    expressions.add(expression)
    const program = compile('claims', expression, rulePath.child('expression'), 'bool')
    return program === undefined ? [] : [{ message, program }]
  })
}

/** Validates the rules over the user and compiles their expressions. */
export function validateUserRules(
  rules: readonly UserValidationRule[],
  path: FieldPath,
  errors: ErrorList,
  compile: Compile,
): CompiledJwtAuthenticator['userRules'] {
  const seen = new Set<string>()
  return rules.flatMap(({ expression, message }, index) => {
    const expressionPath = path.index(index).child('expression')
    if (expression === '') {
      errors.required(expressionPath)
      return []
    }
    if (seen.has(expression)) {
      errors.duplicate(expressionPath, expression)
      return []
    }
    seen.add(expression)
    const program = compile('user', expression, expressionPath, 'bool')
    return program === undefined ? [] : [{ message, program }]
  })
}
