import { unavailable } from '@kube-authn/core'
import type { Clock } from '@kube-authn/core'
import { REFRESH_TIMEOUT_MS } from './refresh-timeout.ts'
import { isRefusal, removeRecord, type SessionStore } from './session-store.ts'

const POLL_MS = 200

/** What is asked before each attempt to take a turn; anything but `undefined` ends it. */
export type Otherwise<T> = () => Promise<{ readonly result: T } | undefined>

/**
 * Does something while no other replica does it, which shows by an object in the store.
 *
 * A turn ends by itself after 30 s, for a replica that has stopped.
 *
 * @param otherwise what another replica has achieved in the meantime.
 * @throws {AuthenticationError} `unavailable` if there is no turn for longer than that.
 */
export async function inTurn<T>(
  { store, key, clock }: { readonly store: SessionStore; readonly key: string; readonly clock: Clock },
  otherwise: Otherwise<T>,
  work: () => Promise<T>,
): Promise<T> {
  const untilMs = clock.now() + REFRESH_TIMEOUT_MS
  for (;;) {
    // By then, the turn of a replica that has stopped is over.
    const isLast = clock.now() > untilMs
    const revision = await takeTurn(store, key)
    const done = await otherwise()
    if (revision !== undefined) {
      try {
        return done === undefined ? await work() : done.result
      } finally {
        // It ends by itself otherwise.
        await removeRecord(store, key, revision).catch(() => false)
      }
    }
    if (done !== undefined) return done.result
    if (isLast) throw unavailable('another replica has not refreshed the session in time')
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve))
  }
}

async function takeTurn(store: SessionStore, key: string): Promise<number | undefined> {
  try {
    const { revision } = await store.create(key, '{}', { ttlMs: REFRESH_TIMEOUT_MS })
    return revision
  } catch (thrown) {
    if (isRefusal(thrown, 'objectExists')) return undefined
    throw thrown
  }
}
