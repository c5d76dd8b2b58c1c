import type { Clock } from '@kube-authn/core'
import { toStored } from '../../registry/stored-objects.ts'
import { type Fence, isStoreError, type ObjectStore, type StoredObject } from '@kube-authn/store'
import { fencedOff } from '@kube-authn/store/internal'
import type { ElectionSettings } from './election-settings.ts'
import { holderOf, leaseIn, renewedLease } from './lease-object.ts'

/** The time in which a process has a lease. */
export interface Term {
  /** For every write in this term. */
  readonly fence: Fence
  /** Aborts when the lease is lost. */
  readonly ended: AbortSignal
  /** The lease is lost. */
  end(this: void): void
  /** Deletes the lease, so that others need not wait for its end. Resolves to what has become of it; never rejects. */
  giveUp(): Promise<GivenUp>
}

/** `lost`: it was gone already. `unreleased`: the store did not answer, so the lease may last until its end. */
export type GivenUp = 'released' | 'lost' | 'unreleased'

/** Options of {@link term}. */
export interface TermOptions {
  readonly store: ObjectStore
  readonly settings: ElectionSettings
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  /** As it was created. */
  readonly lease: StoredObject
  /** When its creation was asked for, by the elapsed time. */
  readonly sinceMs: number
}

/**
 * Renews a lease that this process has got, until it is lost: because it is gone or has another holder, or because it could not be renewed for so long that others may
 * have it soon.
 *
 * Source: client-go `tools/leaderelection/leaderelection.go` renew.
 */
export function term({ store, settings, clock, elapsedMs, lease, sinceMs }: TermOptions): Term {
  const { identity } = settings
  const { key, createdRevision } = lease
  const fence = { key, createdRevision }
  const lifetime = { ttlMs: settings.leaseDurationSeconds * 1000, fence }
  const ended = new AbortController()
  let current = lease
  let cancelRenewal = (): void => {}
  let cancelDeadline = (): void => {}

  const end = (): void => {
    cancelRenewal()
    cancelDeadline()
    ended.abort()
  }

  const planDeadline = (renewedMs: number): void => {
    cancelDeadline()
    const left = renewedMs + settings.renewDeadlineSeconds * 1000 - elapsedMs()
    cancelDeadline = clock.after(Math.max(0, left), end)
  }

  const update = (stored: StoredObject): Promise<StoredObject> => {
    const found = leaseIn(stored)
    if (found === undefined || holderOf(found) !== identity) throw fencedOff()
    return store.update(key, toStored(renewedLease(found, clock.now())), stored.revision, lifetime)
  }

  /** A client may have written it too: a label, say. */
  const renewed = async (): Promise<StoredObject> => {
    try {
      return await update(current)
    } catch (thrown) {
      if (!isStoreError(thrown, 'revisionConflict')) throw thrown
      const found = await store.get(key)
      if (found === undefined) throw fencedOff()
      return update(found)
    }
  }

  const renew = async (): Promise<void> => {
    const beganMs = elapsedMs()
    try {
      current = await renewed()
      if (!ended.signal.aborted) planDeadline(beganMs)
    } catch (thrown) {
      // Other failures are tried again until the deadline.
      if (isStoreError(thrown, 'fenced', 'objectNotFound')) end()
    }
    if (!ended.signal.aborted) planRenewal()
  }

  const planRenewal = (): void => {
    cancelRenewal = clock.after(settings.retryPeriodSeconds * 1000, () => void renew())
  }

  planDeadline(sinceMs)
  planRenewal()
  return {
    fence,
    ended: ended.signal,
    end,
    async giveUp() {
      end()
      try {
        const found = await store.get(key)
        if (found?.createdRevision !== createdRevision || holderOf(leaseIn(found)) !== identity) return 'lost'
        await store.delete(key, { revision: found.revision })
        return 'released'
      } catch (thrown) {
        return isStoreError(thrown, 'objectNotFound') ? 'lost' : 'unreleased'
      }
    },
  }
}
