/*
 * The objects of `rbac.authorization.k8s.io/v1`, with the fields that affect decisions. Absent fields are empty.
 *
 * Source: api `rbac/v1/types.go`.
 */

/** The API group of roles and bindings. */
export const RBAC_API_GROUP = 'rbac.authorization.k8s.io'

/** What a role allows: verbs on resources, or verbs on non-resource paths. */
export interface PolicyRule {
  /** `*` matches any verb. */
  readonly verbs: readonly string[]
  /** `''` is the core group, `*` matches any. */
  readonly apiGroups: readonly string[]
  /** `pods`, `pods/log`, or `*` followed by a slash and a subresource; `*` alone matches any resource and subresource. */
  readonly resources: readonly string[]
  /** Empty: any name. There are no patterns. */
  readonly resourceNames: readonly string[]
  /** `*` matches any path, and a trailing star any suffix. */
  readonly nonResourceURLs: readonly string[]
}

/** A user, group or service account that a binding grants a role to. */
export interface Subject {
  /** `User`, `Group` or `ServiceAccount`; any other kind matches no user. */
  readonly kind: string
  readonly apiGroup: string
  readonly name: string
  /** The namespace of a service account. `''` in a RoleBinding is the namespace of the binding. */
  readonly namespace: string
}

/** The role that a binding grants. */
export interface RoleRef {
  readonly apiGroup: string
  readonly kind: string
  readonly name: string
}

/** A role in one namespace. */
export interface Role {
  readonly kind: 'Role'
  readonly name: string
  readonly namespace: string
  readonly rules: readonly PolicyRule[]
}

/** A role for the whole cluster, or for one namespace if a RoleBinding grants it. */
export interface ClusterRole {
  readonly kind: 'ClusterRole'
  readonly name: string
  readonly namespace: string
  readonly labels: ReadonlyMap<string, string>
  /** Ignored if there is an {@link ClusterRole.aggregation}. */
  readonly rules: readonly PolicyRule[]
  /** The role has the rules of every other role that one of these selectors matches. */
  readonly aggregation?: readonly LabelSelector[]
}

/** Grants a role in one namespace. */
export interface RoleBinding {
  readonly kind: 'RoleBinding'
  readonly name: string
  readonly namespace: string
  readonly subjects: readonly Subject[]
  readonly roleRef: RoleRef
}

/** Grants a role in the whole cluster. */
export interface ClusterRoleBinding extends Omit<RoleBinding, 'kind'> {
  readonly kind: 'ClusterRoleBinding'
}

/** A label selector: all requirements must hold. Without requirements it selects everything. */
export interface LabelSelector {
  readonly matchLabels: ReadonlyMap<string, string>
  readonly matchExpressions: readonly LabelSelectorRequirement[]
}

/** One requirement of a {@link LabelSelector}. */
export interface LabelSelectorRequirement {
  readonly key: string
  /** `In`, `NotIn`, `Exists` or `DoesNotExist`; any other selects nothing. */
  readonly operator: string
  readonly values: readonly string[]
}

/** Any of the four kinds. No more will be added. */
export type RbacObject = Role | ClusterRole | RoleBinding | ClusterRoleBinding
/** Either kind of role. No more will be added. */
export type AnyRole = Role | ClusterRole
/** Either kind of binding. No more will be added. */
export type AnyBinding = RoleBinding | ClusterRoleBinding

/** Roles and bindings, in the order they were loaded. */
export interface RbacPolicy {
  readonly objects: readonly RbacObject[]
}
