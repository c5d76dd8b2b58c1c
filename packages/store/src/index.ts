export type { HistoryOptions } from './local/history.ts'
export { memoryObjectStore, type MemoryObjectStoreOptions } from './memory/memory-object-store.ts'
export type {
  DeletePrecondition,
  Fence,
  Fenced,
  Lifetime,
  ListOptions,
  ObjectStore,
  StoreChange,
  StoredList,
  StoredObject,
  StoreEvent,
  StoreProgress,
  StoreStatus,
  WatchOptions,
} from './object-store.ts'
export { observeStore, type ObserveStoreOptions } from './observe-store.ts'
export { type FailedWriteOutcome, isStoreError, StoreError, type StoreErrorCode } from './store-error.ts'
