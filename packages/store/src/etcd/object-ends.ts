import type { Clock } from '@kube-authn/core'
import { deadlines } from '../local/deadlines.ts'
import type { Lifetime } from '../object-store.ts'
import type { Ending } from './envelope.ts'
import type { EtcdTime } from './etcd-time.ts'

/** A version of an object. */
export interface ObjectVersion {
  readonly key: string
  readonly revision: number
}

/** Which objects of the store end, and when. */
export interface ObjectEnds {
  /** The end of an object that is written now. @throws {RangeError} if it cannot live so long. */
  begin(lifetime: Lifetime): Ending | undefined
  /** This version of an object has just been seen; none ends if `ending` is `undefined`. */
  seen(version: ObjectVersion, ending: Ending | undefined): void
  /** A version that was written some time ago. */
  resume(version: ObjectVersion, expiresAtMs: number): void
  /** Its time has come. */
  isOver(version: ObjectVersion, ending: Ending | undefined): boolean
  /** The version of this key whose time has come, as far as it is known. */
  overdue(key: string): ObjectVersion | undefined
  /** The objects whose time has come, the earliest first. */
  due(): readonly ObjectVersion[]
  /** This version is no more. */
  gone(version: ObjectVersion): void
  plan(): void
  /** All are forgotten. */
  clear(): void
  stop(): void
}

/** Options of {@link objectEnds}. */
export interface ObjectEndsOptions {
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly time: EtcdTime
  readonly onDue: () => void
}

/**
 * A replica that saw an object being written counts its time from then on; one that found it compares its end with the time of etcd. Neither is too early, and the first
 * is as exact as the watch is fast.
 */
export function objectEnds({ clock, elapsedMs, time, onDue }: ObjectEndsOptions): ObjectEnds {
  const known = new Map<string, { readonly revision: number; readonly endsMs: number }>()
  const times = deadlines({
    clock: {
      now: () => time.latestMs(),
      after: (milliseconds, callback) => clock.after(milliseconds, callback),
    },
    elapsedMs,
    onDue,
  })

  const set = ({ key, revision }: ObjectVersion, expiresAtMs: number, endsMs: number): void => {
    known.set(key, { revision, endsMs })
    times.set(key, { expiresAtMs, endsMs })
  }
  const remove = (key: string): void => {
    known.delete(key)
    times.set(key, undefined)
  }

  return {
    begin(lifetime) {
      const end = times.begin(lifetime)
      if (end === undefined) return undefined
      const { expiresAtMs } = end
      const { ttlMs = Math.max(1, expiresAtMs - time.earliestMs()) } = lifetime
      return { expiresAtMs, ttlMs: Math.ceil(ttlMs) }
    },
    seen(version, ending) {
      if ((known.get(version.key)?.revision ?? 0) > version.revision) return
      if (ending === undefined) remove(version.key)
      else {
        const { expiresAtMs, ttlMs } = ending
        set(version, expiresAtMs, Math.min(elapsedMs() + ttlMs, time.elapsedAt(expiresAtMs)))
      }
    },
    resume: (version, expiresAtMs) => set(version, expiresAtMs, time.elapsedAt(expiresAtMs)),
    isOver({ key, revision }, ending) {
      if (ending === undefined) return false
      const same = known.get(key)
      const endsMs = same?.revision === revision ? same.endsMs : time.elapsedAt(ending.expiresAtMs)
      return endsMs <= elapsedMs()
    },
    overdue(key) {
      const version = known.get(key)
      return version !== undefined && version.endsMs <= elapsedMs()
        ? { key, revision: version.revision }
        : undefined
    },
    due: () =>
      times.due().flatMap((key) => {
        const version = known.get(key)
        return version === undefined ? [] : [{ key, revision: version.revision }]
      }),
    gone(version) {
      if (known.get(version.key)?.revision === version.revision) remove(version.key)
    },
    plan: () => times.plan(),
    clear() {
      for (const key of known.keys()) remove(key)
    },
    stop: () => times.stop(),
  }
}
