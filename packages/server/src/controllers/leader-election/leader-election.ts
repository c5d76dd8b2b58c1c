import type { Clock } from '@kube-authn/core'
import { leases } from '../../registry/resources/leases.ts'
import { keyOf } from '../../registry/stored-objects.ts'
import { deferred, fencedStore, followStore, type StoreFollower } from '@kube-authn/store/internal'
import type { ObjectStore, StoreChange, StoredObject } from '@kube-authn/store'
import { type Candidate, candidate, type GivenUp, type LeaseOptions, type Term, term } from './lease.ts'
import type { ControllersAtWork } from '../loop/controller-loop.ts'

/** What has become of a process in an election. */
export type ElectionStatus = 'standing' | 'leading' | GivenUp

export interface ElectedControllersOptions extends LeaseOptions {
  /** Runs the controllers over this store. What it returns is closed when the lease is lost or given up. */
  readonly start: (store: ObjectStore) => ControllersAtWork
  /** It must not throw. */
  readonly onStatus: (status: ElectionStatus) => void
}

/**
 * Controllers that run while this process has the lease, which it otherwise tries to get: from time to time, and as soon as the lease is deleted. Who leads stops before another one
 * can begin, and a write with the fence of the term counts only in the term, also if the process was stopped meanwhile and does not know of its end.
 *
 * Source: client-go `tools/leaderelection/leaderelection.go`.
 *
 * Deviation: the lease ends by the clock of the store, and is deleted when it ends (`docs/deviations.md`, leader election).
 */
export function electedControllers(options: ElectedControllersOptions): ControllersAtWork {
  const { store, clock, elapsedMs, settings, start, onStatus } = options
  const key = keyOf(leases, settings.leaseNamespace, settings.leaseName)
  const closing = new AbortController()
  /** Resolves when this process leads, knows that it does not, or was closed. */
  const decided = deferred<void>()
  const hopeful = candidate({ store, key, settings, clock, elapsedMs })
  let current: Term | undefined
  let running: ControllersAtWork | undefined
  /** Whether the store has answered the last attempt to lead. */
  let isReached = true
  const retry = pause(clock, settings.retryPeriodSeconds * 1000)
  const follower = leaseFollower(key, hopeful, ({ createdRevision }) => {
    if (createdRevision === current?.fence.createdRevision) current.end()
    retry.end()
  })

  const attempt = async (): Promise<StoredObject | undefined> => {
    try {
      const lease = await hopeful.attempt()
      isReached = true
      return lease
    } catch {
      isReached = false
      return undefined
    }
  }

  const serve = async (lease: StoredObject, sinceMs: number): Promise<void> => {
    const held = term({ store, settings, clock, elapsedMs, lease, sinceMs })
    const { fence, ended, end } = held
    current = held
    const begun = start(fencedStore(store, { fence, signal: ended, onFenced: end }))
    running = begun
    onStatus('leading')
    decided.resolve()
    await firstAborted(ended, closing.signal)
    const isLost = ended.aborted
    if (isLost) onStatus('lost')
    running = undefined
    await begun.close()
    current = undefined
    if (isLost) return
    onStatus(await held.giveUp())
  }

  const run = async (): Promise<void> => {
    onStatus('standing')
    const following = followStore({ store, prefix: key, clock, signal: closing.signal }, follower)
    while (!closing.signal.aborted) {
      const sinceMs = elapsedMs()
      const lease = await attempt()
      if (lease === undefined) {
        decided.resolve()
        await retry.begin(closing.signal)
      } else await serve(lease, sinceMs)
    }
    await following
  }

  const ending = run()
  return {
    async synced() {
      await decided.promise
      await running?.synced()
    },
    isHealthy: () => running?.isHealthy() ?? isReached,
    async close() {
      closing.abort()
      retry.end()
      await ending
    },
  }
}

/** Shows each version of the lease to the candidate, and says when it is deleted. */
function leaseFollower(
  key: string,
  hopeful: Candidate,
  onDeleted: (lease: StoreChange) => void,
): StoreFollower {
  return {
    object(object) {
      if (object.key === key) hopeful.see(object)
    },
    listed: () => {},
    change(change) {
      if (change.key !== key) return
      hopeful.see(change)
      if (change.type === 'deleted') onDeleted(change)
    },
    gap: () => {},
    reached: () => {},
    failed: () => {},
  }
}

/** A pause that `end` cuts short. */
function pause(
  clock: Clock,
  ms: number,
): { readonly begin: (closing: AbortSignal) => Promise<void>; readonly end: () => void } {
  let end = (): void => {}
  return {
    begin: (closing) =>
      new Promise((resolve) => {
        const cancel = clock.after(ms, () => end())
        end = () => {
          cancel()
          end = () => {}
          resolve()
        }
        if (closing.aborted) end()
      }),
    end: () => end(),
  }
}

/** It listens to none of them afterwards: one lives longer than all terms. */
function firstAborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const signal of signals) signal.removeEventListener('abort', done)
      resolve()
    }
    for (const signal of signals) signal.addEventListener('abort', done)
    if (signals.some(({ aborted }) => aborted)) done()
  })
}
