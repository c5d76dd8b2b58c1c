import type { LocalEngine } from '../local/engine.ts'
import { objectOf } from '../local/write-queue.ts'
import type { StoreChange, StoredObject } from '../object-store.ts'
import { sortedKeys } from './sorted-keys.ts'

/** Everything in memory: the changes of each key, and of all of them in order. */
export function memoryEngine(): LocalEngine {
  /** The remembered changes of a key; the last one is what it is now. */
  const byKey = new Map<string, StoreChange[]>()
  const keys = sortedKeys()
  let inOrder: StoreChange[] = []

  const at = (key: string, revision: number): StoredObject | undefined => {
    const change = byKey.get(key)?.findLast((each) => each.revision <= revision)
    return change === undefined || change.type === 'deleted' ? undefined : objectOf(change)
  }

  const forgetBefore = (key: string, revision: number): void => {
    const changes = byKey.get(key) ?? []
    const last = changes.findLastIndex((each) => each.revision <= revision)
    if (last === -1) return
    const kept = changes.slice(changes[last]?.type === 'deleted' ? last + 1 : last)
    if (kept.length > 0) {
      byKey.set(key, kept)
      return
    }
    byKey.delete(key)
    keys.delete(key)
  }

  return {
    revision: 0,
    compactedRevision: 0,
    get: (key) => at(key, Infinity),
    range({ prefix, after, revision, limit }) {
      const found: StoredObject[] = []
      for (const key of keys.from(after ?? prefix, after === undefined)) {
        if (!key.startsWith(prefix) || found.length >= limit) break
        const object = at(key, revision)
        if (object !== undefined) found.push(object)
      }
      return found
    },
    changes({ prefix, since, limit }) {
      const found: StoreChange[] = []
      for (let index = firstAfter(inOrder, since); index < inOrder.length && found.length < limit; index++) {
        const change = inOrder[index]
        if (change?.key.startsWith(prefix) === true) found.push(change)
      }
      return found
    },
    write(changes) {
      for (const change of changes) {
        const before = byKey.get(change.key)
        if (before === undefined) {
          byKey.set(change.key, [change])
          keys.add(change.key)
        } else before.push(change)
        inOrder.push(change)
      }
    },
    compact(revision) {
      const kept = firstAfter(inOrder, revision)
      for (const key of new Set(inOrder.slice(0, kept).map((change) => change.key)))
        forgetBefore(key, revision)
      inOrder = inOrder.slice(kept)
    },
    expiring: () => [],
    close() {
      byKey.clear()
      inOrder = []
    },
  }
}

/** The index of the first change after a revision. */
function firstAfter(changes: readonly StoreChange[], revision: number): number {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((changes[middle]?.revision ?? Infinity) <= revision) low = middle + 1
    else high = middle
  }
  return low
}
