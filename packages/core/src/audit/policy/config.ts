/*
 * `audit.k8s.io/v1` Policy, as it is written. What is absent is empty.
 *
 * Source: apiserver `pkg/apis/audit/v1/types.go`.
 */

/** A policy: the first rule that matches a request says how much of it is logged. */
export interface AuditPolicyConfig {
  readonly rules: readonly AuditPolicyRule[]
  /** Stages at which nothing is logged, whatever the rule. */
  readonly omitStages: readonly string[]
}

/** A rule matches a request that meets all conditions it has; a list that is empty is no condition. */
export interface AuditPolicyRule {
  readonly level: string
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly AuditGroupResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly string[]
}

/** Resources of an API group. */
export interface AuditGroupResources {
  /** `''` is the core group, `*` is any. */
  readonly group: string
  /** The plural, as `pods`, or one with a subresource, as `pods/log`; `*` stands for any name. Empty: all of them. */
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}
