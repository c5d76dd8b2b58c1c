import type { Fence } from '../object-store.ts'
import { sealed, type Ending } from './envelope.ts'
import { base64Of, type EtcdKeys } from './etcd-keys.ts'

/** What is written, and the object that must be there then: the revision is that of etcd. */
export type EtcdWrite = EtcdChange & { readonly fence?: Fence }

/** What is written. All revisions are those of etcd. */
type EtcdChange =
  | (PutObject & { readonly type: 'create' })
  | (PutObject & { readonly type: 'update'; readonly revision: number })
  | {
      readonly type: 'delete'
      readonly key: string
      readonly revision?: number | undefined
      readonly createdRevision?: number | undefined
    }

interface PutObject {
  readonly key: string
  readonly value: string
  readonly ending: Ending | undefined
}

/** Names of the store that a transaction is for. */
export interface StoreNames {
  readonly keys: EtcdKeys
  /** The revision of etcd in which the store was made. */
  readonly base: number
}

/**
 * The transaction of a write: the object, its end and the state of the store change together, in one revision of etcd. It does nothing in another store of the same
 * prefix, nor after the write was given up ({@link fenceTransaction}).
 *
 * The last result is the object that was updated, without its value, or the one that was deleted. If nothing was done, the results are the state, the object, and the
 * fence if there is one, without its value.
 */
export function writeTransaction({ keys, base }: StoreNames, writeId: string, write: EtcdWrite): object {
  const object = keys.object(write.key)
  const { fence } = write
  const fenceKey = fence === undefined ? undefined : keys.object(fence.key)
  return {
    compare: [
      createdIn(keys.state, base),
      isAbsent(keys.fence(writeId)),
      ...(fence === undefined || fenceKey === undefined ? [] : [createdIn(fenceKey, fence.createdRevision)]),
      ...(write.type === 'create' ? [isAbsent(object)] : expectations(object, write)),
    ],
    success: [put(keys.state, writeId), ...operations(keys, object, write)],
    failure: [
      readNames(keys.state),
      { request_range: { key: object } },
      ...(fenceKey === undefined ? [] : [readNames(fenceKey)]),
    ],
  }
}

function operations(keys: EtcdKeys, object: string, write: EtcdWrite): readonly object[] {
  const end = keys.end(write.key)
  if (write.type === 'delete') {
    return [deleteKey(end), { request_delete_range: { key: object, prev_kv: true } }]
  }
  const { type, value, ending } = write
  return [
    put(object, sealed(value, ending)),
    ending === undefined ? deleteKey(end) : put(end, String(ending.expiresAtMs)),
    ...(type === 'update' ? [readNames(object)] : []),
  ]
}

function expectations(
  object: string,
  write: Exclude<EtcdWrite, { readonly type: 'create' }>,
): readonly object[] {
  const revision =
    write.revision === undefined ? [] : [compare(object, 'MOD', 'mod_revision', write.revision)]
  if (write.type === 'update') return revision
  const { createdRevision } = write
  const created = createdRevision === undefined ? [] : [createdIn(object, createdRevision)]
  return [...revision, ...created, { ...isAbsent(object), result: 'NOT_EQUAL' }]
}

/** After it, the write can no longer be done. It answers with the state of the store. */
export function fenceTransaction({ keys }: StoreNames, writeId: string, lease: string): object {
  const fence = keys.fence(writeId)
  return {
    compare: [isAbsent(fence)],
    success: [readState(keys), { request_put: { key: fence, value: '', lease } }],
    failure: [readState(keys)],
  }
}

/**
 * Makes a store if there is none, or gives the store that was made in the revision `base` of etcd one in which nothing changes, and answers with its state. It does nothing
 * in another store of the same prefix.
 */
export function newRevision(keys: EtcdKeys, base?: number): object {
  return {
    compare: [base === undefined ? isAbsent(keys.state) : createdIn(keys.state, base)],
    success: [put(keys.state, ''), readState(keys)],
    failure: [readState(keys)],
  }
}

/**
 * Reads a range as it was at a revision of the store. If nothing has changed since, etcd may have forgotten that revision: others can compact it past the last change of
 * the store.
 */
export function rangeTransaction({ keys, base }: StoreNames, range: object, revision: number): object {
  return {
    compare: [compare(keys.state, 'MOD', 'mod_revision', base + revision)],
    success: [{ request_range: range }],
    failure: [{ request_range: { ...range, revision: String(base + revision) } }],
  }
}

export function readState(keys: EtcdKeys): object {
  return { request_range: { key: keys.state } }
}

function readNames(key: string): object {
  return { request_range: { key, keys_only: true } }
}

function put(key: string, value: string): object {
  return { request_put: { key, value: base64Of(value) } }
}

function deleteKey(key: string): object {
  return { request_delete_range: { key } }
}

function isAbsent(key: string): object {
  return compare(key, 'VERSION', 'version', 0)
}

function createdIn(key: string, revision: number): object {
  return compare(key, 'CREATE', 'create_revision', revision)
}

function compare(key: string, target: string, field: string, value: number): object {
  return { key, target, [field]: String(value) }
}
