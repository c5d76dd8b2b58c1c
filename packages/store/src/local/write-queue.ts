import type { StoreChange, StoredObject } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { type Deferred, deferred } from './deferred.ts'

/**
 * Decides about one write: the change of an object, given the object as it is.
 *
 * @param standing finds an object of any key that has not expired by now.
 * @throws {StoreError} if it is refused.
 */
export type Decide = (
  current: StoredObject | undefined,
  revision: number,
  standing: (key: string) => StoredObject | undefined,
) => StoreChange

/** Writes one after the other, in groups. */
export interface WriteQueue {
  write(key: string, decide: Decide): Promise<StoreChange>
  /** Writes what was asked for, now. */
  flush(): void
}

/** What a queue needs of its store. */
export interface QueuedStore {
  get(key: string): StoredObject | undefined
  /** The same, unless its time has come and it could not be deleted yet. */
  standing(key: string): StoredObject | undefined
  revision(): number
  /** @throws anything if none of the changes was written. */
  commit(changes: readonly StoreChange[]): void
  /** Calls back soon: what is asked for until then is written together, with one wait for the disk. */
  soon(callback: () => void): void
}

interface Waiting {
  readonly key: string
  readonly decide: Decide
  readonly promise: Deferred<StoreChange>
}

/**
 * A group is decided in order, each write seeing those before it, and is then committed as a whole. If that fails, all of the group fail, also those
 * that were refused: what they were refused for has not happened.
 */
export function writeQueue(store: QueuedStore): WriteQueue {
  let waiting: Waiting[] = []
  let isPlanned = false

  const flush = (): void => {
    const group = waiting
    waiting = []
    isPlanned = false
    if (group.length === 0) return
    const { changes, answers } = decideGroup(group, store)
    try {
      if (changes.length > 0) store.commit(changes)
    } catch (thrown) {
      for (const { promise } of group) promise.reject(thrown)
      return
    }
    for (const answer of answers) answer()
  }

  return {
    write(key, decide) {
      const promise = deferred<StoreChange>()
      waiting.push({ key, decide, promise })
      if (!isPlanned) {
        isPlanned = true
        store.soon(flush)
      }
      return promise.promise
    },
    flush,
  }
}

function decideGroup(
  group: readonly Waiting[],
  store: QueuedStore,
): { readonly changes: readonly StoreChange[]; readonly answers: readonly (() => void)[] } {
  const changes: StoreChange[] = []
  const answers: (() => void)[] = []
  const written = new Map<string, StoredObject | undefined>()
  const standing = (key: string): StoredObject | undefined =>
    written.has(key) ? written.get(key) : store.standing(key)
  let revision = store.revision()
  for (const { key, decide, promise } of group) {
    try {
      const change = decide(written.has(key) ? written.get(key) : store.get(key), revision + 1, standing)
      revision++
      changes.push(change)
      written.set(key, change.type === 'deleted' ? undefined : objectOf(change))
      answers.push(() => promise.resolve(change))
    } catch (thrown) {
      answers.push(() => promise.reject(thrown))
    }
  }
  return { changes, answers }
}

/** The object after a change. */
export function objectOf({ key, value, revision, createdRevision, expiresAtMs }: StoredObject): StoredObject {
  return { key, value, revision, createdRevision, ...(expiresAtMs !== undefined && { expiresAtMs }) }
}

/** The store was closed. */
export function closed(): StoreError {
  return new StoreError('closed', 'the store was closed')
}
