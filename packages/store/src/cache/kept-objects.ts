import type { StoreChange, StoredObject } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import type { StoreFollower } from '../store-follower.ts'
import type { CachedObjects } from './cached-objects.ts'

/** A cache that has all objects, or none. */
export interface KeptObjects<T> {
  get(this: void, key: string): T | undefined
  /** Takes over what was written, unless nothing is kept. */
  learn(written: StoredObject | StoreChange): void
  /** Whether there are more objects than are kept. */
  areTooMany(): boolean
  /** What the cache does when it is told of objects. */
  readonly follower: Pick<StoreFollower, 'listing' | 'object' | 'listed' | 'change' | 'gap'>
}

/**
 * Limits how many objects are kept. If there are more, none is: they are counted only, and listed again when there are few enough.
 *
 * @param onTooMany called when there are too many.
 */
export function keptObjects<T>(
  objects: CachedObjects<T>,
  maxObjects: number,
  onTooMany: () => void,
): KeptObjects<T> {
  let isKeeping = true
  let areTooMany = false
  /** How many objects of a list were told. */
  let listed = 0
  /** How many objects there are while none is kept. */
  let counted = 0

  const drop = (): void => {
    isKeeping = false
    objects.clear()
    if (!areTooMany) onTooMany()
    areTooMany = true
  }

  const count = ({ type }: StoreChange): void => {
    if (type === 'created') counted++
    else if (type === 'deleted') counted--
    // As after changes that were forgotten.
    if (counted <= maxObjects) throw new StoreError('revisionCompacted', 'the objects were not kept')
  }

  return {
    get: objects.get,
    learn(written) {
      if (isKeeping) objects.take(written)
    },
    areTooMany: () => areTooMany,
    follower: {
      listing() {
        isKeeping = true
        listed = 0
      },
      object(object) {
        listed++
        if (isKeeping && listed > maxObjects) drop()
        if (isKeeping) objects.take(object)
      },
      listed(keys, revision) {
        counted = keys.size
        if (!isKeeping) return
        objects.keepListed(keys, revision)
        areTooMany = false
      },
      change(change) {
        if (!isKeeping) {
          count(change)
          return
        }
        objects.take(change)
        objects.settle(change.revision)
        if (objects.size <= maxObjects) return
        counted = objects.size
        drop()
      },
      gap(isReplaced) {
        if (isReplaced) objects.restart()
      },
    },
  }
}
