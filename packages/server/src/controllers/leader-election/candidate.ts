import type { Clock } from '@kube-authn/core'
import type { KubeObject } from '../../registry/kube-object.ts'
import { toStored } from '../../registry/stored-objects.ts'
import { isStoreError, type ObjectStore, type StoredObject } from '@kube-authn/store'
import type { ElectionSettings } from './election-settings.ts'
import { acquiredLease, holderOf, leaseIn } from './lease-object.ts'

/** A process that would like to have a lease. */
export interface Candidate {
  /** The lease as it is, or was before it was deleted. */
  see(stored: StoredObject): void
  /** Resolves to the lease if this process has got it; `undefined` if another one has it. @throws {StoreError} if the store fails. */
  attempt(): Promise<StoredObject | undefined>
}

/** Options of {@link candidate}. */
export interface CandidateOptions {
  readonly store: ObjectStore
  /** Of the lease. */
  readonly key: string
  readonly settings: ElectionSettings
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
}

/**
 * Gets a lease by creating it, which only one of several can: so each term has a revision of creation of its own. A lease whose time is over is deleted by the store.
 */
export function candidate({ store, key, settings, clock, elapsedMs }: CandidateOptions): Candidate {
  const durationMs = settings.leaseDurationSeconds * 1000
  let last: KubeObject | undefined
  /** A lease without an end, and since when it is known. */
  let endless: { readonly revision: number; readonly sinceMs: number } | undefined

  const see = (stored: StoredObject): KubeObject | undefined => {
    const lease = leaseIn(stored)
    last = lease ?? last
    return lease
  }

  /** A lease whose end a client has taken away, as an update by a client does: it counts as long as it goes on being written, as in Kubernetes. */
  const isAbandoned = ({ revision, expiresAtMs }: StoredObject): boolean => {
    if (expiresAtMs !== undefined) return false
    if (endless?.revision !== revision) endless = { revision, sinceMs: elapsedMs() }
    return elapsedMs() - endless.sinceMs >= durationMs
  }

  const take = async (): Promise<StoredObject | undefined> => {
    const found = await store.get(key)
    if (found !== undefined) {
      // One of this process is what is left of a term that ended while the store could not be reached.
      const isOwn = holderOf(see(found)) === settings.identity
      if (!isOwn && !isAbandoned(found)) return undefined
      await store.delete(key, { revision: found.revision })
    }
    return store.create(key, toStored(acquiredLease(settings, clock.now(), last)), { ttlMs: durationMs })
  }

  return {
    see: (stored) => void see(stored),
    async attempt() {
      try {
        return await take()
      } catch (thrown) {
        if (isStoreError(thrown, 'objectExists', 'objectNotFound', 'revisionConflict')) return undefined
        throw thrown
      }
    },
  }
}
