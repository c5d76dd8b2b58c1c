import type { CelProgram } from '@kube-authn/cel/kubernetes'
import type { ErrorList } from '../../../internal/field/errors.ts'
import { domainPrefixedPathProblems } from '@kube-authn/internal/kubernetes-names'
import type { FieldPath } from '../../../internal/field/path.ts'
import type { Compile } from './compile.ts'
import type {
  ClaimMappings,
  ClaimOrExpression,
  CompiledJwtAuthenticator,
  ExtraMapping,
  PrefixedClaimOrExpression,
} from './config.ts'

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
export function validateMappings(
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
