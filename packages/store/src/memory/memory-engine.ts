import { byBytes } from '../key-order.ts'
import type { LocalEngine } from '../local/engine.ts'
import { recentChanges } from '../local/recent-changes.ts'
import { sortedSet } from '../local/sorted-set.ts'
import { objectOf } from '../object-store.ts'
import type { StoreChange, StoredObject } from '../object-store.ts'

/** Everything in memory: the changes of each key, and of all of them in order. */
export function memoryEngine(): LocalEngine {
  /** The remembered changes of a key; the last one is what it is now. */
  const byKey = new Map<string, StoreChange[]>()
  const keys = sortedSet(byBytes)
  const inOrder = recentChanges(0)

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
    changeAfter: (revision, prefix) => inOrder.after(revision, prefix),
    write(changes) {
      for (const change of changes) {
        const before = byKey.get(change.key)
        if (before === undefined) {
          byKey.set(change.key, [change])
          keys.add(change.key)
        } else before.push(change)
      }
      inOrder.add(changes)
    },
    compact(revision) {
      const keysOfForgotten = new Set(inOrder.forget(revision).map(({ key }) => key))
      for (const key of keysOfForgotten) forgetBefore(key, revision)
    },
    expiring: () => [],
    close() {
      byKey.clear()
      inOrder.forget(Infinity)
    },
  }
}
