import { type Clock, unavailable } from '@kube-authn/core'
import { singleFlight } from '@kube-authn/core/internal'
import { createRecord, removeRecord, type SessionStore } from './session-store.ts'

/** How long a refresh may take. Afterwards another request or replica tries. */
export const REFRESH_TIMEOUT_MS = 30_000

/**
 * Shares work in progress among all callers with the same key, and its failure too: each of them would otherwise try again what has just failed.
 *
 * @param timeoutMs within which the work must end.
 */
export function sharedOutcome<T>(
  clock: Clock,
  timeoutMs: number,
): (key: string, work: () => Promise<T>) => Promise<T> {
  const share = singleFlight<{ readonly result: T } | { readonly failure: unknown }>(clock, timeoutMs)
  return async (key, work) => {
    const outcome = await share(key, async () => {
      try {
        return { result: await work() }
      } catch (failure) {
        return { failure }
      }
    })
    if ('failure' in outcome) throw outcome.failure
    return outcome.result
  }
}

const POLL_MS = 200

/**
 * Does something while no other replica does it: an object in the store is the lock.
 *
 * A turn ends by itself after 30 s, for a replica that has stopped.
 *
 * @param findResult asked before each attempt to take a turn: the result of another replica ends the wait.
 * @throws {AuthenticationError} `unavailable` if there is no turn for longer than that.
 */
export async function inTurn<T>(
  { store, key, clock }: { readonly store: SessionStore; readonly key: string; readonly clock: Clock },
  findResult: () => Promise<{ readonly result: T } | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const untilMs = clock.now() + REFRESH_TIMEOUT_MS
  for (;;) {
    // By then, the turn of a replica that has stopped is over.
    const isLast = clock.now() > untilMs
    const revision = await createRecord(store, key, '{}', REFRESH_TIMEOUT_MS)
    const done = await findResult()
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
