import type { Clock, Observer } from '@kube-authn/core'
import { API_SERVER, deletionAudit } from '../registry/deletion-audit.ts'
import { credentialRevocations, revocationOf } from '../registry/resources/credential-revocations.ts'
import type { ObjectController } from './object-controller.ts'

/** The clock of the process may be so far behind that of the store, which deletes. */
const CLOCKS_MS = 1000

/** Tells an audit log of revocations that the store has deleted at their end. Events, which expire too, are not told: etcd ends those of a cluster, without an audit. */
export function expiryAudit(clock: Clock, audit: Observer): ObjectController {
  const ends = new Map<string, number>()
  const tell = deletionAudit(audit, API_SERVER)
  return {
    name: 'expiry-audit',
    resources: [credentialRevocations],
    reconcile(key, object) {
      const { name } = key
      const endMs = object === undefined ? ends.get(name) : revocationOf(object).expiresAtMs
      if (object !== undefined && endMs !== undefined) ends.set(name, endMs)
      else ends.delete(name)
      if (object === undefined && endMs !== undefined && endMs <= clock.now() + CLOCKS_MS) tell(key)
      return Promise.resolve({})
    },
  }
}
