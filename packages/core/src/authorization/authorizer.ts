import type { Awaitable } from '../internal/awaitable.ts'
import type { Context } from '../authenticator/context.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { Attributes } from './attributes.ts'
import type { Decision } from './decision.ts'

/**
 * Decides whether a user may do something.
 *
 * It returns a {@link Decision} or a promise of one. Throwing is the same as returning no opinion with that error.
 *
 * Source: apiserver `pkg/authorization/authorizer/interfaces.go`.
 */
export interface Authorizer {
  readonly name: string
  /** The type in the authorization configuration, for events and metrics: `RBAC`, `Webhook`, ... Default: none. */
  readonly type?: string
  authorize(attributes: Attributes, context: Context): Awaitable<Decision>
}

/** Allowed actions on resources, as in a SelfSubjectRulesReview. */
export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** Empty: any name. */
  readonly resourceNames: readonly string[]
}

/** Allowed actions on non-resource paths. */
export interface NonResourceRule {
  readonly verbs: readonly string[]
  readonly nonResourceURLs: readonly string[]
}

/** The known rules of a user in a namespace. */
export interface UserRules {
  readonly resourceRules: readonly ResourceRule[]
  readonly nonResourceRules: readonly NonResourceRule[]
  /** `true` if there may be more rules. */
  readonly incomplete: boolean
  /** Why rules are missing. */
  readonly evaluationError?: string
}

/** An authorizer that can list what it allows. */
export interface RuleResolver {
  rulesFor(user: UserInfo, namespace: string): UserRules
}
