import { systemClock } from '@kube-authn/core/internal'
import { deadlines } from '../local/deadlines.ts'
import type { Lifetime } from '../object-store.ts'
import type { EtcdConnection } from './connect-etcd.ts'
import type { Ending } from './envelope.ts'
import { after } from './within.ts'

export interface ObjectVersion {
  readonly key: string
  readonly revision: number
}

export interface ObjectEnds {
  /** The end of an object that is written now. @throws {RangeError} if it cannot live so long. */
  begin(lifetime: Lifetime): Ending | undefined
  /** This version of an object has just been seen; none ends if `ending` is `undefined`. */
  seen(version: ObjectVersion, ending: Ending | undefined): void
  /** A version that was written some time ago. */
  resume(version: ObjectVersion, expiresAtMs: number): void
  /** Its time has come: it counts as absent. */
  isOver(found: { readonly object: ObjectVersion; readonly ending: Ending | undefined }): boolean
  /** The version of this key whose time has come, as far as it is known. */
  overdue(key: string): ObjectVersion | undefined
  /** The objects whose time has come, the earliest first. */
  due(): readonly ObjectVersion[]
  gone(version: ObjectVersion): void
  plan(): void
  /** All are forgotten. */
  clear(): void
  stop(): void
}

/** The objects whose time has come are deleted. */
export interface EndedObjects extends Omit<ObjectEnds, 'due' | 'gone'> {
  /** Resolves when the objects whose time has come are deleted, unless there are many of them, it fails, or it takes long: they are hidden meanwhile. */
  removed(longestMs?: number): Promise<void>
  /** Deletes a version of an object, if it is still there. @throws anything if it is unknown whether it is there. */
  remove(version: ObjectVersion): Promise<void>
}

type Times = Pick<EtcdConnection, 'clock' | 'elapsedMs' | 'time'>

/** That many are waited for: more are deleted in the background, a thousand in a second. */
const FEW = 16

/**
 * They are deleted one after the other in the order of their times, each by a change of its own. Of several replicas, one deletes an object.
 *
 * @param removeVersion deletes a version of an object, if it is still there.
 */
export function endedObjects(
  connection: Times & Pick<EtcdConnection, 'timeoutMs'>,
  removeVersion: (version: ObjectVersion) => Promise<void>,
): EndedObjects {
  /** How long others wait for few objects to be deleted. */
  const patienceMs = connection.timeoutMs / 5
  let draining: Promise<void> | undefined
  let isStopped = false

  const remove = async (version: ObjectVersion): Promise<void> => {
    await removeVersion(version)
    ends.gone(version)
  }

  const drain = async (): Promise<void> => {
    for (let due = ends.due(); due.length > 0; due = ends.due()) {
      for (const version of due) {
        if (isStopped) return
        await remove(version)
      }
    }
  }

  /** A failure is tried again by the next who asks, and by the timer. */
  const begin = (): Promise<void> => {
    draining ??= drain()
      .catch(() => undefined)
      .finally(() => {
        draining = undefined
        ends.plan()
      })
    return draining
  }

  const ends = objectEnds(connection, () => void begin())

  return {
    ...ends,
    async removed(longestMs) {
      const count = draining === undefined ? ends.due().length : FEW
      if (count === 0) return
      const done = begin()
      if (longestMs === undefined && count > FEW) return
      await Promise.race([done, after(systemClock, longestMs ?? patienceMs)])
    },
    remove,
    stop() {
      isStopped = true
      ends.stop()
    },
  }
}

/**
 * A replica that saw an object being written counts its time from then on; one that found it compares its end with the time of etcd. Neither is too early, and the first
 * is as exact as the watch is fast.
 */
export function objectEnds({ clock, elapsedMs, time }: Times, onDue: () => void): ObjectEnds {
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
    isOver({ object: { key, revision }, ending }) {
      if (ending === undefined) return false
      const same = known.get(key)
      const endsMs = same?.revision === revision ? same.endsMs : time.elapsedAt(ending.expiresAtMs)
      return endsMs <= elapsedMs()
    },
    overdue(key) {
      const { revision, endsMs = Infinity } = known.get(key) ?? {}
      return revision !== undefined && endsMs <= elapsedMs() ? { key, revision } : undefined
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
