import type { CelProgram } from '@kube-authn/cel/kubernetes'
import type { ErrorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'
import type { Compile } from './compile.ts'
import type {
  ClaimValidationRule,
  CompiledJwtAuthenticator,
  JwtAuthenticator,
  UserValidationRule,
  ClaimMappings,
  ClaimOrExpression,
  ExtraMapping,
  PrefixedClaimOrExpression,
} from './config.ts'
import { validateIssuer } from './validate-issuer.ts'
import { domainPrefixedPathProblems } from '@kube-authn/internal/kubernetes-names'

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

/** The context of the validation. */
interface Surroundings {
  readonly errors: ErrorList
  readonly compile: Compile
  /** Whether a valid rule uses `claims.email_verified`. */
  readonly isEmailVerified: boolean
}

type CompiledMappings = Pick<CompiledJwtAuthenticator, 'username' | 'groups' | 'uid' | 'extra'>

const EMAIL_RULE =
  'claims.email_verified must be used in claimMappings.username.expression or ' +
  'claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in ' +
  'claimMappings.username.expression'

/** Validates the mappings and compiles their expressions. */
function validateMappings(
  mappings: ClaimMappings,
  path: FieldPath,
  { errors, compile, isEmailVerified }: Surroundings,
): CompiledMappings {
  const usernamePath = path.child('username')
  const before = errors.errors.length
  const username = validatePrefixed(mappings.username, usernamePath, errors, compile)
  if (mappings.username.claim === '' && mappings.username.expression === '') {
    errors.required(usernamePath, 'claim or expression is required')
  }
  const isUsernameRight = errors.errors.length === before
  const groups = validatePrefixed(mappings.groups, path.child('groups'), errors, compile)
  const uid = validateClaimOrExpression(mappings.uid, path.child('uid'), errors, compile)
  const extra = validateExtra(mappings.extra, path.child('extra'), errors, compile)

  // An unverified e-mail address may be claimed by anyone.
  const seen = [...(username === undefined ? [] : [username]), ...extra.map(({ program }) => program)]
  const isVerified = isEmailVerified || seen.some((program) => program.selects('email_verified'))
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

function validatePrefixed(
  mapping: PrefixedClaimOrExpression,
  path: FieldPath,
  errors: ErrorList,
  compile: Compile,
): CelProgram<'claims'> | undefined {
  const { claim, expression, prefix } = mapping
  if (expression !== '' && claim === '' && prefix !== undefined) {
    errors.invalid(path.child('prefix'), prefix, 'may not be specified when expression is set')
  }
  if (claim !== '' && expression === '' && prefix === undefined) {
    const detail =
      'prefix is required when claim is set. It can be set to an empty string to disable prefixing'
    errors.required(path.child('prefix'), detail)
  }
  return validateClaimOrExpression(mapping, path, errors, compile)
}

function validateClaimOrExpression(
  { claim, expression }: ClaimOrExpression,
  path: FieldPath,
  errors: ErrorList,
  compile: Compile,
): CelProgram<'claims'> | undefined {
  if (expression === '') return undefined
  if (claim === '') return compile('claims', expression, path.child('expression'))
  errors.invalid(path, '', "claim and expression can't both be set")
  return undefined
}

function validateExtra(
  mappings: readonly ExtraMapping[],
  path: FieldPath,
  errors: ErrorList,
  compile: Compile,
): CompiledJwtAuthenticator['extra'] {
  const seen = new Set<string>()
  return mappings.flatMap(({ key, valueExpression }, index) => {
    const keyPath = path.index(index).child('key')
    validateExtraKey(key, keyPath, errors)
    if (seen.has(key)) {
      errors.duplicate(keyPath, key)
      return []
    }
    seen.add(key)
    const expressionPath = path.index(index).child('valueExpression')
    if (valueExpression === '') {
      errors.required(expressionPath)
      return []
    }
    const program = compile('claims', valueExpression, expressionPath)
    return program === undefined ? [] : [{ key, program }]
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
