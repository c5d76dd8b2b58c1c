import type { StoreChange, StoredObject } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { type Ending, opened } from './envelope.ts'
import type { KeyValue, WatchedEvent } from './etcd-replies.ts'
import type { StoreNames } from './write-transaction.ts'

/** An object as etcd has it, and its end. */
export interface FoundObject {
  readonly object: StoredObject
  readonly ending: Ending | undefined
}

/** @throws {StoreError} `storeCorrupted` if the value was not written by a store. */
export function foundObject({ keys, base }: StoreNames, found: KeyValue): FoundObject {
  const envelope = opened(found.text())
  if (envelope === undefined) {
    throw new StoreError('storeCorrupted', 'etcd has an object that was not written by kube-authn')
  }
  const { value, ending } = envelope
  const object = {
    key: keys.keyOfObject(found.key),
    value,
    revision: found.modRevision - base,
    createdRevision: found.createRevision - base,
    ...(ending !== undefined && { expiresAtMs: ending.expiresAtMs }),
  }
  return { object, ending }
}

/** A change, and the end that its object has now. */
export interface FedChange {
  readonly change: StoreChange
  readonly ending: Ending | undefined
}

/** What a watch tells of. @throws {StoreError} `storeCorrupted` */
export function changeOfEvent(names: StoreNames, { isDeletion, current, previous }: WatchedEvent): FedChange {
  const before = previous === undefined ? undefined : foundObject(names, previous).object
  const revision = current.modRevision - names.base
  if (isDeletion) {
    const { value = '', createdRevision = revision } = before ?? {}
    const key = names.keys.keyOfObject(current.key)
    return { change: { type: 'deleted', key, value, revision, createdRevision }, ending: undefined }
  }
  const { object, ending } = foundObject(names, current)
  const isCreation = object.createdRevision === object.revision
  const change: StoreChange = isCreation
    ? { type: 'created', ...object }
    : { type: 'updated', ...object, ...(before !== undefined && { previous: before.value }) }
  return { change, ending }
}
