import type { Clock } from '@kube-authn/core'
import { aClock, elapsedTimeOf, systemClock } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { byBytes } from '../key-order.ts'
import type { LocalEngine } from '../local/engine.ts'
import { historyLimitOf, type HistoryOptions, historyShape } from '../local/history.ts'
import { localStore } from '../local/local-store.ts'
import { recentChanges } from '../local/recent-changes.ts'
import { sortedSet } from '../local/sorted-set.ts'
import { objectOf, type ObjectStore, type StoreChange, type StoredObject } from '../object-store.ts'

/** Options of {@link memoryObjectStore}. */
export interface MemoryObjectStoreOptions extends HistoryOptions {
  /** Says when objects expire. Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<MemoryObjectStoreOptions> = { ...historyShape, clock: aClock }

/**
 * A store in the memory of this process: for tests, and for servers that may forget everything when they end.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const store = memoryObjectStore()
 * const { revision } = await store.create('/registry/namespaces/shop', '{}')
 */
export function memoryObjectStore(options: MemoryObjectStoreOptions = {}): ObjectStore {
  checkOptions(shape, options)
  const { clock = systemClock } = options
  return localStore(memoryEngine(), {
    clock,
    elapsedMs: elapsedTimeOf(options.clock),
    history: historyLimitOf(options),
    // Called by itself: workerd refuses it as a method of another object.
    soon: (callback) => queueMicrotask(callback),
  })
}

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
    count(prefix, most) {
      let count = 0
      for (const key of keys.from(prefix, true)) {
        if (!key.startsWith(prefix) || count === most) break
        if (byKey.get(key)?.at(-1)?.type !== 'deleted') count++
      }
      return count
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
