import type { CelProgram } from '@kube-authn/cel/kubernetes'
import type { ErrorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'
import type { Compile } from './compile.ts'
import type { JwtAuthenticator } from './config.ts'
import type { CompiledJwtAuthenticator } from './programs.ts'
import { validateIssuer } from './validate-issuer.ts'
import { validateMappings } from './validate-mappings.ts'
import { validateClaimRules, validateUserRules } from './validate-rules.ts'

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
