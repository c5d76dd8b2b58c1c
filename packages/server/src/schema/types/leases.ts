import type { Declarations } from '@kube-authn/api/internal'

/** Leases. Source: api `coordination/v1` of Kubernetes 1.36. */
export const LEASE_TYPES: Declarations = {
  in: 'io.k8s.api.coordination.v1',
  types: `
Lease
  metadata 1 ObjectMeta, spec 2 LeaseSpec
LeaseSpec
  holderIdentity 1 string?, leaseDurationSeconds 2 int32?, acquireTime 3 MicroTime, renewTime 4 MicroTime,
  leaseTransitions 5 int32?, strategy 6 string?, preferredHolder 7 string?
`,
}
