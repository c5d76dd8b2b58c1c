import type { Clock } from '@kube-authn/core'
import { withoutControls } from '@kube-authn/internal/printable'
import { isStoreError, type ObjectStore } from '@kube-authn/store'
import { Failure } from '../../failure.ts'
import type { ExportedObject } from '../file/format.ts'

/** What becomes of an object that exists. */
export type OnExisting = 'refuse' | 'skip' | 'overwrite'

/** What was done with objects. */
export interface ImportCounts {
  /** Created or replaced. */
  readonly written: number
  /** Left out, as their time is over. */
  readonly expired: number
  /** Left as they are. */
  readonly existing: number
}

/** Writes objects, several at a time. */
export interface ObjectWriter {
  /** Begins to write an object, when there is room for it. @throws what an earlier one has thrown. */
  write(object: ExportedObject): Promise<void>
  /** Resolves when all are written. @throws what one of them has thrown. */
  finish(): Promise<void>
  counts(): ImportCounts
}

/** Options of {@link objectWriter}. */
export interface ObjectWriterOptions {
  readonly store: ObjectStore
  readonly onExisting: OnExisting
  readonly clock: Clock
}

/** How many objects are written at a time: enough that they share the waits for the disk. */
const MOST_AT_A_TIME = 64
/** And how many characters of values. */
const MOST_LENGTH = 8_388_608
/** How often an object is tried that another process changes all the time. */
const TRIES = 10

export function objectWriter({ store, onExisting, clock }: ObjectWriterOptions): ObjectWriter {
  const running = new Set<Promise<void>>()
  let counts: ImportCounts = { written: 0, expired: 0, existing: 0 }
  let length = 0
  let failure: { readonly error: unknown } | undefined

  const count = (name: keyof ImportCounts): void => {
    counts = { ...counts, [name]: counts[name] + 1 }
  }

  const begin = (object: ExportedObject): void => {
    length += object.value.length
    const work = put(object)
      .then(count, (error: unknown) => {
        failure ??= { error }
      })
      .finally(() => {
        length -= object.value.length
        running.delete(work)
      })
    running.add(work)
  }

  const put = async ({ key, value, expiresAtMs }: ExportedObject): Promise<keyof ImportCounts> => {
    for (let tries = 0; tries < TRIES; tries++) {
      if (expiresAtMs !== undefined && expiresAtMs <= clock.now()) return 'expired'
      const lifetime = expiresAtMs === undefined ? {} : { expiresAtMs }
      try {
        const existing = onExisting === 'overwrite' ? await store.get(key) : undefined
        if (existing === undefined) await store.create(key, value, lifetime)
        else if (existing.value === value && existing.expiresAtMs === expiresAtMs) return 'existing'
        else await store.update(key, value, existing.revision, lifetime)
        return 'written'
      } catch (error) {
        if (isStoreError(error, 'objectExists') && onExisting === 'skip') return 'existing'
        const isRaced = isStoreError(error, 'objectExists', 'objectNotFound', 'revisionConflict')
        if (!isRaced) throw error
        if (onExisting === 'refuse') break
      }
    }
    throw new Failure(`another process writes into the store: ${withoutControls(key)} has changed meanwhile`)
  }

  const isFull = (): boolean => running.size >= MOST_AT_A_TIME || length >= MOST_LENGTH

  const requireNoFailure = (): void => {
    if (failure !== undefined) throw failure.error
  }

  return {
    async write(object) {
      while (isFull()) await Promise.race(running)
      requireNoFailure()
      begin(object)
    },
    async finish() {
      await Promise.all(running)
      requireNoFailure()
    },
    counts: () => counts,
  }
}
