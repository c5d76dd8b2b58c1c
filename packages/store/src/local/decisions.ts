import type { DeletePrecondition, Fence, StoredObject } from '../object-store.ts'
import { fencedOff, StoreError } from '../store-error.ts'
import type { Decide } from './write-queue.ts'

/** Creates an object if there is none. */
export function creation(key: string, value: string, expiresAtMs: number | undefined): Decide {
  return (current, revision) => {
    if (current !== undefined) throw new StoreError('objectExists', 'an object with this key exists')
    return { type: 'created', key, value, revision, createdRevision: revision, ...ending(expiresAtMs) }
  }
}

/** Replaces the value of an object that has this revision. */
export function replacement(value: string, expected: number, expiresAtMs: number | undefined): Decide {
  return (current, revision) => {
    const { key, createdRevision, value: previous } = existing(current, { revision: expected })
    return { type: 'updated', key, value, revision, createdRevision, previous, ...ending(expiresAtMs) }
  }
}

/** Deletes an object that meets the precondition. */
export function deletion(precondition: DeletePrecondition): Decide {
  return (current, revision) => {
    const { key, value, createdRevision } = existing(current, precondition)
    return { type: 'deleted', key, value, revision, createdRevision }
  }
}

/** Decides only while the fence stands. */
export function fenced(decide: Decide, fence: Fence | undefined): Decide {
  if (fence === undefined) return decide
  const { key, createdRevision } = fence
  return (current, revision, standing) => {
    if (standing(key)?.createdRevision !== createdRevision) throw fencedOff()
    return decide(current, revision, standing)
  }
}

function existing(
  current: StoredObject | undefined,
  { revision, createdRevision }: DeletePrecondition,
): StoredObject {
  if (current === undefined) throw new StoreError('objectNotFound', 'no object has this key')
  const isExpected =
    (revision ?? current.revision) === current.revision &&
    (createdRevision ?? current.createdRevision) === current.createdRevision
  if (!isExpected) throw new StoreError('revisionConflict', 'the object has changed since that revision')
  return current
}

function ending(expiresAtMs: number | undefined): { readonly expiresAtMs?: number } {
  return expiresAtMs === undefined ? {} : { expiresAtMs }
}
