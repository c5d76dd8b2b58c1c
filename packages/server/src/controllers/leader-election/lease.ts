import type { Clock } from '@kube-authn/core'
import { toStored, fromStored } from '../../registry/stored-objects.ts'
import { type Fence, isStoreError, type ObjectStore, type StoredObject } from '@kube-authn/store'
import { fencedOff } from '@kube-authn/store/internal'
import type { ElectionSettings } from './election-settings.ts'
import { type KubeObject, numberIn, partIn, stringIn } from '../../registry/kube-object.ts'
import { apiVersionOf } from '../../registry/resource.ts'
import { leases } from '../../registry/resources/leases.ts'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'

/** What a process needs to get and keep a lease. */
export interface LeaseOptions {
  readonly store: ObjectStore
  readonly settings: ElectionSettings
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
}

/** A process that would like to have a lease. */
export interface Candidate {
  /** The lease as it is, or was before it was deleted. */
  see(stored: StoredObject): void
  /** Resolves to the lease if this process has got it; `undefined` if another one has it. @throws {StoreError} if the store fails. */
  attempt(): Promise<StoredObject | undefined>
}

export interface CandidateOptions extends LeaseOptions {
  /** Of the lease. */
  readonly key: string
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

export interface TermOptions extends LeaseOptions {
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

/**
 * A lease that its holder has got now. Times in it are those of the clock of the holder, and are only shown.
 *
 * @param last the lease before, as far as it is known.
 */
function acquiredLease(
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
function renewedLease(lease: KubeObject, nowMs: number): KubeObject {
  return { ...lease, spec: { ...partIn(lease, 'spec'), renewTime: microTime(nowMs) } }
}

/** Who has a lease; `''` if nothing has it. */
function holderOf(lease: KubeObject | undefined): string {
  return lease === undefined ? '' : stringIn(partIn(lease, 'spec'), 'holderIdentity')
}

/** The lease; `undefined` if what is stored is not one. */
function leaseIn(stored: Pick<StoredObject, 'value' | 'revision'>): KubeObject | undefined {
  try {
    return fromStored(stored, stored.revision)
  } catch {
    return undefined
  }
}

function microTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000Z')
}
