import type { KubeObject } from '../../registry/kube-object.ts'
import { apiVersionOf } from '../../registry/resource.ts'
import { numberIn, partIn, stringIn } from '../../registry/resources/field-values.ts'
import { leases } from '../../registry/resources/leases.ts'
import { fromStored } from '../../registry/stored-objects.ts'
import type { StoredObject } from '@kube-authn/store'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { ElectionSettings } from './election-settings.ts'

/**
 * A lease that its holder has got now. Times in it are those of the clock of the holder, and are only shown.
 *
 * @param last the lease before, as far as it is known.
 */
export function acquiredLease(
  { identity, leaseName, leaseNamespace, leaseDurationSeconds }: ElectionSettings,
  nowMs: number,
  last: KubeObject | undefined,
): KubeObject {
  const before = last === undefined ? undefined : partIn(last, 'spec')
  const isSame = before === undefined || stringIn(before, 'holderIdentity') === identity
  const time = microTime(nowMs)
  return {
    kind: leases.kind,
    apiVersion: apiVersionOf(leases),
    metadata: {
      name: leaseName,
      namespace: leaseNamespace,
      uid: crypto.randomUUID(),
      creationTimestamp: rfc3339Of(nowMs),
    },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationSeconds),
      acquireTime: time,
      renewTime: time,
      leaseTransitions: (before === undefined ? 0 : numberIn(before, 'leaseTransitions')) + (isSame ? 0 : 1),
    },
  }
}

/** The same lease, renewed now. */
export function renewedLease(lease: KubeObject, nowMs: number): KubeObject {
  return { ...lease, spec: { ...partIn(lease, 'spec'), renewTime: microTime(nowMs) } }
}

/** Who has a lease; `''` if nothing has it. */
export function holderOf(lease: KubeObject | undefined): string {
  return lease === undefined ? '' : stringIn(partIn(lease, 'spec'), 'holderIdentity')
}

/** The lease; `undefined` if what is stored is not one. */
export function leaseIn(stored: Pick<StoredObject, 'value' | 'revision'>): KubeObject | undefined {
  try {
    return fromStored(stored, stored.revision)
  } catch {
    return undefined
  }
}

function microTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000Z')
}
