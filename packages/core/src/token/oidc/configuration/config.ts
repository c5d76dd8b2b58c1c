/*
 * Whose tokens are accepted, as in `jwt` of an `AuthenticationConfiguration`. There are no defaults: an absent text is empty, and an absent list too.
 *
 * Source: KEP-3331; apiserver `pkg/apis/apiserver/types.go`.
 */

/** Whose tokens are accepted, and who they make somebody. */
export interface JwtAuthenticator {
  readonly issuer: Issuer
  readonly claimValidationRules: readonly ClaimValidationRule[]
  readonly claimMappings: ClaimMappings
  readonly userValidationRules: readonly UserValidationRule[]
}

/** Who signs the tokens. */
export interface Issuer {
  /** What the claim `iss` must be, and where the keys are found unless `discoveryURL` says it. */
  readonly url: string
  readonly discoveryURL: string
  /** Certificates in PEM. Empty: those of the runtime. */
  readonly certificateAuthority: string
  readonly audiences: readonly string[]
  /** `MatchAny`, or empty for a single audience. */
  readonly audienceMatchPolicy: string
  /** `controlplane`, `cluster` or empty. */
  readonly egressSelectorType: string
}

/** What must hold of the claims: a claim with a value, or an expression. */
export interface ClaimValidationRule {
  readonly claim: string
  readonly requiredValue: string
  readonly expression: string
  readonly message: string
}

/** How claims become a user. */
export interface ClaimMappings {
  readonly username: PrefixedClaimOrExpression
  readonly groups: PrefixedClaimOrExpression
  readonly uid: ClaimOrExpression
  readonly extra: readonly ExtraMapping[]
}

/** The name of a claim, or an expression. */
export interface ClaimOrExpression {
  readonly claim: string
  readonly expression: string
}

/** The name of a claim with what is put before its value, or an expression. */
export interface PrefixedClaimOrExpression extends ClaimOrExpression {
  /** Absent is not the same as empty. */
  readonly prefix?: string
}

/** A key of `extra`, and the expression for its values. */
export interface ExtraMapping {
  readonly key: string
  readonly valueExpression: string
}

/** What must hold of the user. */
export interface UserValidationRule {
  readonly expression: string
  readonly message: string
}
