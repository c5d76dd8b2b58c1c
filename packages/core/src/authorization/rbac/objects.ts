/*
 * The objects of `rbac.authorization.k8s.io/v1`, as far as they decide anything. What was left out is empty.
 *
 * Source: api `rbac/v1/types.go`.
 */

/** The API group of roles and bindings. */
export const RBAC_API_GROUP = 'rbac.authorization.k8s.io'

/** What a role lets somebody do: verbs on resources, or verbs on paths that are no resources. */
export interface PolicyRule {
  /** `*` is any. */
  readonly verbs: readonly string[]
  /** `''` is the core group, `*` is any. */
  readonly apiGroups: readonly string[]
  /** `pods`, `pods/log`, or `*` followed by a slash and a subresource; `*` alone is any, with all subresources. */
  readonly resources: readonly string[]
  /** Empty: whatever its name. There are no patterns. */
  readonly resourceNames: readonly string[]
  /** `*` is any, and a star at the end is anything. */
  readonly nonResourceURLs: readonly string[]
}

/** Who a binding is for. */
export interface Subject {
  /** `User`, `Group` or `ServiceAccount`; any other kind is nobody. */
  readonly kind: string
  readonly apiGroup: string
  readonly name: string
  /** Of a service account. `''` in a RoleBinding is the namespace of the binding. */
  readonly namespace: string
}

/** Which role a binding gives. */
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

/** A role for the whole cluster, or for one namespace when a RoleBinding gives it. */
export interface ClusterRole {
  readonly kind: 'ClusterRole'
  readonly name: string
  readonly namespace: string
  readonly labels: ReadonlyMap<string, string>
  /** With an {@link ClusterRole.aggregation} these do not count. */
  readonly rules: readonly PolicyRule[]
  /** The role has the rules of every other role that one of these selects. */
  readonly aggregation?: readonly LabelSelector[]
}

/** Gives a role in one namespace. */
export interface RoleBinding {
  readonly kind: 'RoleBinding'
  readonly name: string
  readonly namespace: string
  readonly subjects: readonly Subject[]
  readonly roleRef: RoleRef
}

/** Gives a role everywhere. */
export interface ClusterRoleBinding {
  readonly kind: 'ClusterRoleBinding'
  readonly name: string
  readonly namespace: string
  readonly subjects: readonly Subject[]
  readonly roleRef: RoleRef
}

/** A selector of labels: all of it must hold. Without any requirement it selects everything. */
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

/** Any of the four kinds. */
export type RbacObject = Role | ClusterRole | RoleBinding | ClusterRoleBinding
/** Either kind of role. */
export type AnyRole = Role | ClusterRole
/** Either kind of binding. */
export type AnyBinding = RoleBinding | ClusterRoleBinding

/** Roles and bindings, in the order they were loaded. */
export interface RbacPolicy {
  readonly objects: readonly RbacObject[]
}
