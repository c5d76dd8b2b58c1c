import type { CelProgram } from '@kube-authn/cel/kubernetes'
import type { ErrorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'
import type { Compile } from './compile.ts'
import type {
  ClaimValidationRule,
  CompiledJwtAuthenticator,
  JwtAuthenticator,
  UserValidationRule,
} from './config.ts'
import { validateIssuer } from './validate-issuer.ts'
import { validateMappings } from './validate-mappings.ts'

/** The context of the validation of a {@link JwtAuthenticator}. */
export interface JwtAuthenticatorValidation {
  readonly errors: ErrorList
  /** Issuers that other authenticators own. */
  readonly disallowed: ReadonlySet<string>
  readonly compile: Compile
}

/**
 * Validates one authenticator, except for its certificate authority, and compiles its expressions.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go` (`validateJWTAuthenticator`).
 */
export function validateJwtAuthenticator(
  config: JwtAuthenticator,
  path: FieldPath,
  { errors, disallowed, compile }: JwtAuthenticatorValidation,
): CompiledJwtAuthenticator {
  validateIssuer(config.issuer, disallowed, path.child('issuer'), errors)
  const claimRules = validateClaimRules(
    config.claimValidationRules,
    path.child('claimValidationRules'),
    errors,
    compile,
  )
  const usesVerified = (program: CelProgram<'claims'>): boolean => program.selects('email_verified')
  const mappings = validateMappings(config.claimMappings, path.child('claimMappings'), {
    errors,
    compile,
    isEmailVerified: claimRules.some(({ program }) => usesVerified(program)),
  })
  const userRules = validateUserRules(
    config.userValidationRules,
    path.child('userValidationRules'),
    errors,
    compile,
  )
  return { config, ...mappings, claimRules, userRules }
}

/** Validates the rules over claims and compiles their expressions. */
function validateClaimRules(
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
function validateUserRules(
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
