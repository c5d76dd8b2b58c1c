import { systemClock } from '@kube-authn/core/internal'
import { after } from './after.ts'
import { objectEnds, type ObjectEnds, type ObjectEndsOptions, type ObjectVersion } from './object-ends.ts'

/** The objects whose time has come are deleted. */
export interface EndedObjects {
  readonly ends: ObjectEnds
  /** Resolves when the objects whose time has come are deleted, unless there are many of them, it fails, or it takes long: they are hidden meanwhile. */
  removed(longestMs?: number): Promise<void>
  /** Deletes a version of an object, if it is still there. */
  remove(version: ObjectVersion): Promise<void>
  /** All are forgotten. */
  clear(): void
  stop(): void
}

/** Options of {@link endedObjects}. */
export interface EndedObjectsOptions extends Omit<ObjectEndsOptions, 'onDue'> {
  /** How long others wait for few objects to be deleted. */
  readonly patienceMs: number
  /** @throws anything if it is unknown whether it is there. */
  readonly remove: (version: ObjectVersion) => Promise<void>
}

/** That many are waited for: more are deleted in the background, a thousand in a second. */
const FEW = 16

/** They are deleted one after the other in the order of their times, each by a change of its own. Of several replicas, one deletes an object. */
export function endedObjects({
  remove: removeVersion,
  patienceMs,
  ...options
}: EndedObjectsOptions): EndedObjects {
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

  const ends = objectEnds({ ...options, onDue: () => void begin() })

  return {
    ends,
    async removed(longestMs) {
      const count = draining === undefined ? ends.due().length : FEW
      if (count === 0) return
      const done = begin()
      if (longestMs === undefined && count > FEW) return
      await Promise.race([done, after(systemClock, longestMs ?? patienceMs)])
    },
    remove,
    clear: () => ends.clear(),
    stop() {
      isStopped = true
      ends.stop()
    },
  }
}
