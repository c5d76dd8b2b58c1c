import { type ErrorList, fieldPath } from '@kube-authn/core/internal'
import { readFields } from '../../schema/read-typed.ts'
import { type KubeObject, type Part, partIn, stringIn } from '../kube-object.ts'
import { named, type Resource } from '../resource.ts'
import { AGE, column, NAME } from './columns.ts'

const SPEC = fieldPath('spec')

/**
 * Leases: who is the active one of several processes.
 *
 * Source: kubernetes `pkg/registry/coordination/lease/strategy.go`, `pkg/apis/coordination/validation/validation.go` ValidateLeaseSpec,
 * `pkg/printers/internalversion/printers.go` printLease.
 */
export const leases: Resource = {
  ...named('Lease', { group: 'coordination.k8s.io' }),
  isCreatedByUpdate: true,
  isUpdatedByVersion: true,
  read: (object, errors) => readFields(object, 'Lease', errors),
  prepareForCreate: withoutStrategy,
  prepareForUpdate: withoutStrategy,
  validate: (lease, errors) => validateSpec(partIn(lease, 'spec'), errors),
  columns: [NAME, column('Holder', (lease) => stringIn(partIn(lease, 'spec'), 'holderIdentity')), AGE],
}

/** The fields of the gate `CoordinatedLeaderElection`, which is off by default. */
function withoutStrategy(lease: KubeObject): KubeObject {
  const { strategy: _, preferredHolder: _holder, ...spec } = partIn(lease, 'spec')
  return { ...lease, spec }
}

function validateSpec({ leaseDurationSeconds, leaseTransitions }: Part, errors: ErrorList): void {
  if (typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0) {
    errors.invalid(SPEC.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0')
  }
  if (typeof leaseTransitions === 'number' && leaseTransitions < 0) {
    const path = SPEC.child('leaseTransitions')
    errors.invalid(path, leaseTransitions, 'must be greater than or equal to 0')
  }
}
