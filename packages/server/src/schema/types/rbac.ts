import type { Declarations } from '@kube-authn/api/internal'

/** Roles and bindings. Source: api `rbac/v1` of Kubernetes 1.36. */
export const RBAC_TYPES: Declarations = {
  in: 'io.k8s.api.rbac.v1',
  types: `
Role
  metadata 1 ObjectMeta, rules 2 [PolicyRule]
PolicyRule
  verbs 1 [string]!, apiGroups 2 [string], resources 3 [string], resourceNames 4 [string],
  nonResourceURLs 5 [string]
ClusterRole
  metadata 1 ObjectMeta, rules 2 [PolicyRule], aggregationRule 3 AggregationRule?
AggregationRule
  clusterRoleSelectors 1 [LabelSelector]
RoleBinding
  metadata 1 ObjectMeta, subjects 2 [Subject], roleRef 3 RoleRef!
Subject atomic
  kind 1 string!, apiGroup 2 string, name 3 string!, namespace 4 string
RoleRef atomic
  apiGroup 1 string, kind 2 string!, name 3 string!
ClusterRoleBinding
  metadata 1 ObjectMeta, subjects 2 [Subject], roleRef 3 RoleRef!
`,
}
