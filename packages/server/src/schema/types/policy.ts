import type { Declarations } from '@kube-authn/api/internal'

/** Evictions. Source: api `policy/v1` of Kubernetes 1.36. */
export const POLICY_TYPES: Declarations = {
  in: 'io.k8s.api.policy.v1',
  types: `
Eviction
  metadata 1 ObjectMeta, deleteOptions 2 DeleteOptions
`,
}
