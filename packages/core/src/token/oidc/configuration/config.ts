import type { CelProgram } from '@kube-authn/cel/kubernetes'

/*
 * The `jwt` section of an `AuthenticationConfiguration`. There are no defaults: absent strings and lists are empty.
 *
 * Source: KEP-3331; apiserver `pkg/apis/apiserver/types.go`.
 */

/** Which tokens are accepted, and how their claims map to a user. */
export interface JwtAuthenticator {
  readonly issuer: Issuer
  readonly claimValidationRules: readonly ClaimValidationRule[]
  readonly claimMappings: ClaimMappings
  readonly userValidationRules: readonly UserValidationRule[]
}

/** The issuer of the tokens. */
export interface Issuer {
  /** The required `iss` claim. Unless `discoveryURL` is set, discovery starts here too. */
  readonly url: string
  readonly discoveryURL: string
  /** CA certificates in PEM. Empty: those of the runtime. */
  readonly certificateAuthority: string
  readonly audiences: readonly string[]
  /** `MatchAny`, or empty for a single audience. */
  readonly audienceMatchPolicy: string
  /** `controlplane`, `cluster` or empty. */
  readonly egressSelectorType: string
}

/** A condition on the claims: a required claim value, or an expression. */
export interface ClaimValidationRule extends UserValidationRule {
  readonly claim: string
  readonly requiredValue: string
}

/** How claims map to a user. */
export interface ClaimMappings {
  readonly username: PrefixedClaimOrExpression
  readonly groups: PrefixedClaimOrExpression
  readonly uid: ClaimOrExpression
  readonly extra: readonly ExtraMapping[]
}

/** A claim name or an expression. */
export interface ClaimOrExpression {
  readonly claim: string
  readonly expression: string
}

/** A claim name with a prefix for its value, or an expression. */
export interface PrefixedClaimOrExpression extends ClaimOrExpression {
  /** Absent differs from empty. */
  readonly prefix?: string
}

/** A key of `extra` and the expression for its values. */
export interface ExtraMapping {
  readonly key: string
  readonly valueExpression: string
}

/** A condition on the user. */
export interface UserValidationRule {
  readonly expression: string
  readonly message: string
}

/** A {@link JwtAuthenticator} with compiled expressions. Mappings by claim name have no program. */
export interface CompiledJwtAuthenticator {
  readonly config: JwtAuthenticator
  readonly username?: CelProgram<'claims'>
  readonly groups?: CelProgram<'claims'>
  readonly uid?: CelProgram<'claims'>
  readonly extra: readonly { readonly key: string; readonly program: CelProgram<'claims'> }[]
  /** Only the rules with an expression, in order. */
  readonly claimRules: readonly { readonly message: string; readonly program: CelProgram<'claims'> }[]
  readonly userRules: readonly { readonly message: string; readonly program: CelProgram<'user'> }[]
}
