import { checkKey, checkValue } from '../limits.ts'
import type {
  DeletePrecondition,
  Fence,
  Fenced,
  Lifetime,
  ObjectStore,
  StoredObject,
} from '../object-store.ts'
import { fencedOff, StoreError } from '../store-error.ts'
import { type FoundObject, foundObject } from './change-of-event.ts'
import type { EndedObjects } from './ended-objects.ts'
import type { Ending } from './envelope.ts'
import type { EtcdReplica } from './etcd-replica.ts'
import type { WriteOutcome } from './etcd-writer.ts'
import type { EtcdWrite, StoreNames } from './write-transaction.ts'

/** How a store in etcd is written. */
export interface EtcdWritesOptions {
  readonly ended: EndedObjects
  /** @throws {StoreError} if there is none now. */
  readonly running: () => EtcdReplica
  /** Tries a write in a store as it was found. */
  readonly once: (replica: EtcdReplica, write: EtcdWrite) => Promise<WriteOutcome>
  readonly find: (key: string) => Promise<FoundObject | undefined>
  /** Whether an object has ended, and counts as absent. */
  readonly hidden: (found: FoundObject) => boolean
}

type DoneWrite = Extract<WriteOutcome, { readonly isDone: true }> & { readonly names: StoreNames }

type Put = Exclude<EtcdWrite, { readonly type: 'delete' }>

/** The rules of the writes of an {@link ObjectStore} over etcd. */
export function etcdWrites(options: EtcdWritesOptions): Pick<ObjectStore, 'create' | 'update' | 'delete'> {
  const revisionInEtcd = (revision: number): number => revisionOf(options.running().names, revision)
  return {
    create: (key, value, lifetime = {}) =>
      put(options, key, value, lifetime, (ending) => ({ type: 'create', key, value, ending })),
    update: (key, value, expected, lifetime = {}) =>
      put(options, key, value, lifetime, (ending) => ({
        type: 'update',
        key,
        value,
        ending,
        revision: revisionInEtcd(expected),
      })),
    async delete(key, { revision, createdRevision, fence }: DeletePrecondition = {}) {
      checkKey(key)
      const { names, ...outcome } = await write(options, {
        type: 'delete',
        key,
        revision: revision === undefined ? undefined : revisionInEtcd(revision),
        createdRevision: createdRevision === undefined ? undefined : revisionInEtcd(createdRevision),
        ...fencedBy(options, fence),
      })
      const found = foundObject(names, outcome.object)
      if (options.hidden(found)) throw notFound()
      const { value, createdRevision: created } = found.object
      return {
        type: 'deleted',
        key,
        value,
        revision: outcome.revision - names.base,
        createdRevision: created,
      }
    },
  }
}

async function put(
  options: EtcdWritesOptions,
  key: string,
  value: string,
  lifetime: Lifetime,
  writeOf: (ending: Ending | undefined) => Put,
): Promise<StoredObject> {
  checkKey(key)
  checkValue(value)
  const ending = options.ended.ends.begin(lifetime)
  const { revision, object, names } = await write(options, {
    ...writeOf(ending),
    ...fencedBy(options, lifetime.fence),
  })
  const { base } = names
  return {
    key,
    value,
    revision: revision - base,
    createdRevision: object.createRevision - base,
    ...(ending !== undefined && { expiresAtMs: ending.expiresAtMs }),
  }
}

/** Does a write. An object that has ended counts as absent, and is deleted first. What was done is not refused if the watch of etcd is lost meanwhile. */
async function write(options: EtcdWritesOptions, given: EtcdWrite): Promise<DoneWrite> {
  const { ended, running, once, hidden } = options
  for (;;) {
    await ended.removed()
    await requireNoneOver(options, given)
    const replica = running()
    const { names } = replica
    const outcome = await once(replica, given)
    if (outcome.isDone) {
      await replica.caughtUp(outcome.revision - names.base)
      return { ...outcome, names }
    }
    if (outcome.state?.createRevision !== names.base) {
      await replica.current()
      throw new StoreError('storeUnavailable', 'etcd has another store than before')
    }
    if (outcome.isFenced) throw fencedOff()
    if (outcome.current === undefined) throw notFound()
    const found = foundObject(names, outcome.current)
    if (!hidden(found)) throw refusedWrite(given)
    ended.ends.seen(found.object, found.ending)
    await ended.remove(found.object)
    if (given.type !== 'create') throw notFound()
  }
}

/** An object that has ended must not be changed nor be a fence, even if it could not be deleted before. */
async function requireNoneOver(
  options: EtcdWritesOptions,
  { key, fence, ...given }: EtcdWrite,
): Promise<void> {
  const { ended } = options
  if (given.type === 'update') await requireEndKnown(options, key, given.revision)
  if (fence !== undefined) {
    await requireEndKnown(options, fence.key, fence.createdRevision)
    const over = ended.ends.overdue(fence.key)
    // Unless it was put off meanwhile: etcd decides.
    if (over !== undefined) await ended.remove(over)
  }
  const over = ended.ends.overdue(key)
  if (over === undefined) return
  await ended.remove(over)
  if (fence === undefined && given.type !== 'create') throw notFound()
}

/** Etcd compares revisions only: when a version ends is known from the watch, or from a read if the watch has not told of this revision yet. */
async function requireEndKnown(
  { running, find, ended }: EtcdWritesOptions,
  key: string,
  revision: number,
): Promise<void> {
  const { names, watched } = running()
  if (revision - names.base <= watched.revision()) return
  const found = await find(key)
  if (found !== undefined) ended.ends.seen(found.object, found.ending)
}

function fencedBy({ running }: EtcdWritesOptions, fence: Fence | undefined): Fenced {
  if (fence === undefined) return {}
  checkKey(fence.key)
  return { fence: { key: fence.key, createdRevision: revisionOf(running().names, fence.createdRevision) } }
}

/** The revision in etcd. No object has the revision of the store itself, so that it stands for those which no object can have. */
function revisionOf({ base }: StoreNames, revision: number): number {
  return Number.isSafeInteger(revision) && revision > 0 && revision <= Number.MAX_SAFE_INTEGER - base
    ? base + revision
    : base
}

function notFound(): StoreError {
  return new StoreError('objectNotFound', 'no object has this key')
}

function refusedWrite({ type }: EtcdWrite): StoreError {
  return type === 'create'
    ? new StoreError('objectExists', 'an object with this key exists')
    : new StoreError('revisionConflict', 'the object has changed since that revision')
}
