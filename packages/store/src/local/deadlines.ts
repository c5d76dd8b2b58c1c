import type { Clock } from '@kube-authn/core'
import type { Lifetime, StoredObject } from '../object-store.ts'
import { checkLifetime } from '../limits.ts'
import { byBytes } from '../key-order.ts'
import { sortedSet } from './sorted-set.ts'

/** When objects end, by a time that never goes back. */
export interface Deadlines {
  /** When an object ends that begins to live now. @throws {RangeError} if it cannot live so long. */
  begin(lifetime: Lifetime): Deadline | undefined
  /** The object now has this deadline; none if it is deleted or lives without end. */
  set(key: string, deadline: Deadline | undefined): void
  /** The objects of a store that is opened. */
  resume(objects: Iterable<StoredObject>): void
  /** The keys of the objects whose time came so long ago, the earliest first. They stay until they are set again. @param agoMs default 0 */
  due(agoMs?: number): readonly string[]
  /** Plans the next call of `onDue`. */
  plan(): void
  stop(): void
}

/** The end of an object. */
export interface Deadline {
  /** By the clock: it is shown, and counts when the store is opened again. */
  readonly expiresAtMs: number
  /** By the elapsed time: it counts in this process. */
  readonly endsMs: number
}

/** How time is told. */
export interface DeadlinesOptions {
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly onDue: () => void
}

/** How long the next attempt waits if the engine failed. */
const RETRY_MS = 1000

/** Nothing is planned yet. A clock that is set back or forward changes no deadline of this process. */
export function deadlines({ clock, elapsedMs, onDue }: DeadlinesOptions): Deadlines {
  const endOf = new Map<string, number>()
  const ends = sortedSet<{ readonly key: string; readonly endsMs: number }>(
    (one, other) => one.endsMs - other.endsMs || byBytes(one.key, other.key),
  )
  let isStopped = false
  let timer: { readonly endsMs: number; readonly cancel: () => void } | undefined

  const set = (key: string, endsMs: number | undefined): void => {
    const before = endOf.get(key)
    if (before === endsMs) return
    if (before !== undefined) ends.delete({ key, endsMs: before })
    if (endsMs === undefined) endOf.delete(key)
    else {
      endOf.set(key, endsMs)
      ends.add({ key, endsMs })
    }
  }

  /** @param dueMs how long to wait if its time has come already. */
  const plan = (dueMs: number): void => {
    const endsMs = ends.first()?.endsMs
    if (timer?.endsMs === endsMs) return
    timer?.cancel()
    timer = endsMs === undefined || isStopped ? undefined : { endsMs, cancel: wait(endsMs, dueMs) }
  }

  const wait = (endsMs: number, dueMs: number): (() => void) => {
    const left = endsMs - elapsedMs()
    return clock.after(left > 0 ? left : dueMs, onTimer)
  }

  function onTimer(): void {
    timer = undefined
    if (isStopped) return
    onDue()
    // What is still due could not be deleted.
    plan(RETRY_MS)
  }

  return {
    begin(lifetime) {
      checkLifetime(lifetime)
      const now = clock.now()
      const { ttlMs = Infinity, expiresAtMs: endMs = now + ttlMs } = lifetime
      if (endMs === Infinity) return undefined
      // Never before its time.
      const expiresAtMs = Math.ceil(endMs)
      return { expiresAtMs, endsMs: elapsedMs() + (expiresAtMs - now) }
    },
    set: (key, deadline) => set(key, deadline?.endsMs),
    resume(objects) {
      const ahead = elapsedMs() - clock.now()
      for (const { key, expiresAtMs } of objects) {
        if (expiresAtMs !== undefined) set(key, expiresAtMs + ahead)
      }
    },
    due(agoMs = 0) {
      const now = elapsedMs() - agoMs
      const due: string[] = []
      if ((ends.first()?.endsMs ?? Infinity) > now) return due
      for (const { key, endsMs } of ends.from({ key: '', endsMs: -Infinity }, true)) {
        if (endsMs > now) break
        due.push(key)
      }
      return due
    },
    plan: () => plan(0),
    stop() {
      isStopped = true
      timer?.cancel()
    },
  }
}
