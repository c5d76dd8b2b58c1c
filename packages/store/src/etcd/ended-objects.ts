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
  /** The objects whose time came so long ago, the earliest first. */
  due(agoMs: number): readonly ObjectVersion[]
  gone(version: ObjectVersion): void
  plan(): void
  /** All are forgotten. */
  clear(): void
  stop(): void
}

/** The objects whose time has come are deleted. */
export interface EndedObjects extends Omit<ObjectEnds, 'due' | 'gone'> {
  /**
   * Resolves when the objects whose time has come are deleted, unless there are many of them, it fails, or it takes long: they are hidden meanwhile.
   *
   * @param by those that are left to other replicas are deleted for `reader` only.
   */
  removed(by: 'reader' | 'writer', longestMs?: number): Promise<void>
  /** Deletes a version of an object, if it is still there. @throws anything if it is unknown whether it is there. */
  remove(version: ObjectVersion): Promise<void>
}

type Times = Pick<EtcdConnection, 'clock' | 'elapsedMs' | 'time'>

/** That many are waited for: more are deleted in the background, a thousand in a second. */
const FEW = 16
/** How long objects are left to the replica that deleted the last one: less than the timer waits before it looks for them again. */
const LEFT_TO_OTHERS_MS = 900

/**
 * They are deleted one after the other in the order of their times, each by a change of its own. Of several replicas one does so: a replica that came too late leaves the
 * next ones to the others, and deletes what is still there a second later.
 *
 * @param removeVersion deletes a version of an object, if it is still there. Resolves to whether it was.
 */
export function endedObjects(
  connection: Times & Pick<EtcdConnection, 'timeoutMs'>,
  removeVersion: (version: ObjectVersion) => Promise<boolean>,
): EndedObjects {
  /** How long others wait for few objects to be deleted. */
  const patienceMs = connection.timeoutMs / 5
  let draining: Promise<void> | undefined
  let isStopped = false
  let isLate = false

  const remove = async (version: ObjectVersion): Promise<boolean> => {
    const isRemoved = await removeVersion(version)
    ends.gone(version)
    return isRemoved
  }

  /** Those that this replica deletes now. */
  const dueHere = (): readonly ObjectVersion[] => ends.due(isLate ? LEFT_TO_OTHERS_MS : 0)

  const drain = async (first: readonly ObjectVersion[]): Promise<void> => {
    for (let due = first; due.length > 0; due = dueHere()) {
      for (const version of due) {
        if (isStopped) return
        isLate = !(await remove(version))
      }
    }
  }

  /** A failure is tried again by the next who asks, and by the timer. */
  const begin = (due: readonly ObjectVersion[]): Promise<void> => {
    draining ??= drain(due)
      .catch(() => undefined)
      .finally(() => {
        draining = undefined
        ends.plan()
      })
    return draining
  }

  const ends = objectEnds(connection, () => void begin(dueHere()))

  return {
    ...ends,
    async removed(by, longestMs) {
      const due = by === 'reader' ? ends.due(0) : dueHere()
      if (draining === undefined && due.length === 0) return
      const isWaitedFor = longestMs !== undefined || draining !== undefined || due.length <= FEW
      const done = begin(due)
      if (!isWaitedFor) return
      await Promise.race([done, after(systemClock, longestMs ?? patienceMs)])
    },
    async remove(version) {
      await remove(version)
    },
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
    due: (agoMs) =>
      times.due(agoMs).flatMap((key) => {
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
