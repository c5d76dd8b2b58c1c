import type { Clock } from '@kube-authn/core'
import { aClock, systemClock } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { historyLimitOf, type HistoryOptions, historyShape } from '../local/history.ts'
import { elapsedTimeOf } from '../store-time.ts'
import { localStore } from '../local/local-store.ts'
import type { ObjectStore } from '../object-store.ts'
import { memoryEngine } from './memory-engine.ts'

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
