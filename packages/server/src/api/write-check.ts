import type { Clock } from '@kube-authn/core'
import { isStoreError, type ObjectStore } from '@kube-authn/store'
import { forwardedStore } from '@kube-authn/store/internal'
import type { HealthCheck } from './health.ts'

/** A store whose writes are watched. */
export interface WatchedWrites {
  /** The same store. */
  readonly store: ObjectStore
  /** Fails while the store takes no writes, though it may be read: its disk is full, or it is read-only. */
  readonly check: HealthCheck
}

/** How often a store is tried that took no write. */
const PAUSE_MS = 5000
/** What it is tried with. */
const PREFIX = '/kube-authn/probes/'
const TTL_MS = 1000

/**
 * Notices that a store takes no writes. A write that failed is only a suspicion, since it may have been about that one object: then the check itself writes an object, which
 * expires, and what becomes of that decides. A write that succeeds ends the suspicion. While there is none, nothing is written.
 *
 * @param clock says when it is tried again.
 */
export function watchedWrites(store: ObjectStore, clock: Clock): WatchedWrites {
  let isSuspect = false
  let failure: { readonly error: unknown; readonly atMs: number } | undefined
  let trying: Promise<void> | undefined

  const written = async <T>(write: () => Promise<T>): Promise<T> => {
    try {
      const done = await write()
      isSuspect = false
      failure = undefined
      return done
    } catch (thrown) {
      if (isStoreError(thrown, 'storeUnavailable')) isSuspect = true
      throw thrown
    }
  }
  const attempt = async (): Promise<void> => {
    try {
      await written(() => store.create(`${PREFIX}${crypto.randomUUID()}`, '{}', { ttlMs: TTL_MS }))
    } catch (error) {
      failure = { error, atMs: clock.now() }
      throw error
    } finally {
      trying = undefined
    }
  }

  return {
    store: {
      ...forwardedStore(store),
      create: (...given) => written(() => store.create(...given)),
      update: (...given) => written(() => store.update(...given)),
      delete: (...given) => written(() => store.delete(...given)),
    },
    check: {
      name: 'writes',
      endpoints: ['readyz'],
      async check() {
        if (!isSuspect) return
        // The clock may have been set back.
        const isRecent = failure !== undefined && Math.abs(clock.now() - failure.atMs) < PAUSE_MS
        if (isRecent) throw failure?.error
        trying ??= attempt()
        await trying
      },
    },
  }
}
