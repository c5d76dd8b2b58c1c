/*
 * `audit.k8s.io/v1` Policy, as written. Absent fields are empty.
 *
 * Source: apiserver `pkg/apis/audit/v1/types.go`.
 */

/** A policy: the first rule that matches a request decides how much of it is logged. */
export interface AuditPolicyConfig {
  readonly rules: readonly AuditPolicyRule[]
  /** Stages at which nothing is logged, whatever the rule. */
  readonly omitStages: readonly string[]
}

/** A rule matches a request that meets all its conditions; an empty list is not a condition. */
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
  /** The plural, as in `pods`, or with a subresource, as in `pods/log`; `*` stands for any name. Empty: all resources. */
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}
