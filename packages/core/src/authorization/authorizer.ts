import type { Awaitable } from '../internal/awaitable.ts'
import type { Context } from '../authenticator/context.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { Attributes } from './attributes.ts'
import type { Decision } from './decision.ts'

/**
 * Decides whether somebody may do something.
 *
 * It returns a {@link Decision}, now or later. Throwing is the same as having no opinion with that error.
 *
 * Source: apiserver `pkg/authorization/authorizer/interfaces.go`.
 */
export interface Authorizer {
  readonly name: string
  /** The type that its configuration says, for events and metrics: `RBAC`, `Webhook`, ... Default: none. */
  readonly type?: string
  authorize(attributes: Attributes, context: Context): Awaitable<Decision>
}

/** Something a user may do to resources, as in a SelfSubjectRulesReview. */
export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** Empty: whatever its name. */
  readonly resourceNames: readonly string[]
}

/** Something a user may do to paths that are no resources. */
export interface NonResourceRule {
  readonly verbs: readonly string[]
  readonly nonResourceURLs: readonly string[]
}

/** Everything a user may do in a namespace, as far as somebody knows. */
export interface UserRules {
  readonly resourceRules: readonly ResourceRule[]
  readonly nonResourceRules: readonly NonResourceRule[]
  /** There may be more. */
  readonly incomplete: boolean
  /** What could not be found out. */
  readonly evaluationError?: string
}

/** An authorizer that can list what it allows. */
export interface RuleResolver {
  rulesFor(user: UserInfo, namespace: string): UserRules
}
