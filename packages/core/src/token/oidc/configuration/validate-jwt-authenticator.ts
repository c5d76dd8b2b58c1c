import type { CelProgram } from '@kube-authn/cel/kubernetes'
import type { ErrorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'
import { compileDistinct, type ExpressionValidation } from './compile.ts'
import type {
  ClaimMappings,
  ClaimOrExpression,
  CompiledJwtAuthenticator,
  JwtAuthenticator,
  PrefixedClaimOrExpression,
} from './config.ts'
import { validateIssuer } from './validate-issuer.ts'
import { domainPrefixedPathProblems } from '@kube-authn/internal/kubernetes-names'

export interface JwtAuthenticatorValidation extends ExpressionValidation {
  /** Issuers that other authenticators own. */
  readonly disallowed: ReadonlySet<string>
}

/**
 * Validates one authenticator, except for its certificate authority, and compiles its expressions.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go` (`validateJWTAuthenticator`).
 */
export function validateJwtAuthenticator(
  config: JwtAuthenticator,
  path: FieldPath,
  validation: JwtAuthenticatorValidation,
): CompiledJwtAuthenticator {
  validateIssuer(config.issuer, validation.disallowed, path.child('issuer'), validation.errors)
  const claimRules = validateClaimRules(config, path.child('claimValidationRules'), validation)
  const mappings = validateMappings(
    config.claimMappings,
    path.child('claimMappings'),
    validation,
    claimRules.some(({ program }) => usesVerified(program)),
  )
  const userRules = validateUserRules(config, path.child('userValidationRules'), validation)
  return { config, ...mappings, claimRules, userRules }
}

function validateClaimRules(
  { claimValidationRules: rules }: JwtAuthenticator,
  path: FieldPath,
  validation: ExpressionValidation,
): CompiledJwtAuthenticator['claimRules'] {
  const { errors } = validation
  const claims = new Set<string>()
  const expressions = new Set<string>()
  return rules.flatMap(({ claim, expression, message, requiredValue }, index) => {
    const rulePath = path.index(index)
    if (claim !== '' && expression !== '') {
      errors.invalid(rulePath, claim, "claim and expression can't both be set")
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
    if (expression === '') {
      errors.required(rulePath, 'claim or expression is required')
      return []
    }
    if (requiredValue !== '') {
      const detail = 'may not be specified when expression is set'
      errors.invalid(rulePath.child('requiredValue'), requiredValue, detail)
    }
    const program = compileDistinct('claims', expression, expressions, rulePath, validation)
    return program === undefined ? [] : [{ message, program }]
  })
}

function validateUserRules(
  { userValidationRules: rules }: JwtAuthenticator,
  path: FieldPath,
  validation: ExpressionValidation,
): CompiledJwtAuthenticator['userRules'] {
  const seen = new Set<string>()
  return rules.flatMap(({ expression, message }, index) => {
    const program = compileDistinct('user', expression, seen, path.index(index), validation)
    return program === undefined ? [] : [{ message, program }]
  })
}

const EMAIL_RULE =
  'claims.email_verified must be used in claimMappings.username.expression or ' +
  'claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in ' +
  'claimMappings.username.expression'

/** Validates the mappings and compiles their expressions. @param isEmailVerified whether a valid rule uses `claims.email_verified`. */
function validateMappings(
  mappings: ClaimMappings,
  path: FieldPath,
  validation: ExpressionValidation,
  isEmailVerified: boolean,
): Pick<CompiledJwtAuthenticator, 'username' | 'groups' | 'uid' | 'extra'> {
  const { errors } = validation
  const usernamePath = path.child('username')
  const before = errors.errors.length
  const username = validatePrefixed(mappings.username, usernamePath, validation)
  if (mappings.username.claim === '' && mappings.username.expression === '') {
    errors.required(usernamePath, 'claim or expression is required')
  }
  const isUsernameRight = errors.errors.length === before
  const groups = validatePrefixed(mappings.groups, path.child('groups'), validation)
  const uid = validateClaimOrExpression(mappings.uid, path.child('uid'), validation)
  const extra = validateExtra(mappings, path.child('extra'), validation)

  // An unverified e-mail address may be claimed by anyone.
  const isVerified = isEmailVerified || [username, ...extra.map(({ program }) => program)].some(usesVerified)
  if (isUsernameRight && username?.selects('email') === true && !isVerified) {
    errors.invalid(usernamePath.child('expression'), mappings.username.expression, EMAIL_RULE)
  }
  return {
    ...(username !== undefined && { username }),
    ...(groups !== undefined && { groups }),
    ...(uid !== undefined && { uid }),
    extra,
  }
}

function usesVerified(program: CelProgram<'claims'> | undefined): boolean {
  return program?.selects('email_verified') === true
}

function validatePrefixed(
  mapping: PrefixedClaimOrExpression,
  path: FieldPath,
  validation: ExpressionValidation,
): CelProgram<'claims'> | undefined {
  const { errors } = validation
  const { claim, expression, prefix } = mapping
  if (expression !== '' && claim === '' && prefix !== undefined) {
    errors.invalid(path.child('prefix'), prefix, 'may not be specified when expression is set')
  }
  if (claim !== '' && expression === '' && prefix === undefined) {
    const detail =
      'prefix is required when claim is set. It can be set to an empty string to disable prefixing'
    errors.required(path.child('prefix'), detail)
  }
  return validateClaimOrExpression(mapping, path, validation)
}

function validateClaimOrExpression(
  { claim, expression }: ClaimOrExpression,
  path: FieldPath,
  { errors, compile }: ExpressionValidation,
): CelProgram<'claims'> | undefined {
  if (expression === '') return undefined
  if (claim === '') return compile('claims', expression, path.child('expression'))
  errors.invalid(path, '', "claim and expression can't both be set")
  return undefined
}

function validateExtra(
  { extra }: ClaimMappings,
  path: FieldPath,
  { errors, compile }: ExpressionValidation,
): CompiledJwtAuthenticator['extra'] {
  const seen = new Set<string>()
  return extra.flatMap(({ key, valueExpression }, index) => {
    const keyPath = path.index(index).child('key')
    const expressionPath = path.index(index).child('valueExpression')
    validateExtraKey(key, keyPath, errors)
    const isRepeated = seen.has(key)
    seen.add(key)
    if (isRepeated) errors.duplicate(keyPath, key)
    else if (valueExpression === '') errors.required(expressionPath)
    else {
      const program = compile('claims', valueExpression, expressionPath)
      if (program !== undefined) return [{ key, program }]
    }
    return []
  })
}

function validateExtraKey(key: string, path: FieldPath, errors: ErrorList): void {
  if (key === '') {
    errors.required(path)
    return
  }
  for (const { value, problem } of domainPrefixedPathProblems(key)) errors.invalid(path, value, problem)
  if (key !== key.toLowerCase()) errors.invalid(path, key, 'must be lowercase')
  const slash = key.indexOf('/')
  const domain = slash === -1 ? '' : key.slice(0, slash)
  if (['k8s.io', 'kubernetes.io'].some((ours) => domain === ours || domain.endsWith(`.${ours}`))) {
    const detail = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'
    errors.invalid(path, key, detail)
  }
}
