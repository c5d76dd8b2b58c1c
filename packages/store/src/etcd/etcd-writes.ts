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
export function etcdWrites({
  ended,
  running,
  once,
  find,
  hidden,
}: EtcdWritesOptions): Pick<ObjectStore, 'create' | 'update' | 'delete'> {
  const { ends } = ended

  /** Etcd compares revisions only: when a version ends is known from the watch, or from a read if the watch has not told of this revision yet. */
  const requireEndKnown = async (key: string, revision: number): Promise<void> => {
    const { names, watched } = running()
    if (revision - names.base <= watched.revision()) return
    const found = await find(key)
    if (found !== undefined) ends.seen(found.object, found.ending)
  }

  /** An object that has ended must not be changed nor be a fence, also if it could not be deleted before. */
  const requireNoneOver = async (write: EtcdWrite): Promise<void> => {
    const { key, type, fence } = write
    if (type === 'update') await requireEndKnown(key, write.revision)
    if (fence !== undefined) {
      await requireEndKnown(fence.key, fence.createdRevision)
      const over = ends.overdue(fence.key)
      // Unless it was put off meanwhile: etcd decides.
      if (over !== undefined) await ended.remove(over)
    }
    const over = ends.overdue(key)
    if (over === undefined) return
    await ended.remove(over)
    if (fence === undefined && type !== 'create') throw notFound()
  }

  /** Does a write. An object that has ended counts as absent, and is deleted first. What was done is not refused if the watch of etcd is lost meanwhile. */
  const write = async (given: EtcdWrite): Promise<DoneWrite> => {
    for (;;) {
      await ended.removed()
      await requireNoneOver(given)
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
      ends.seen(found.object, found.ending)
      await ended.remove(found.object)
      if (given.type !== 'create') throw notFound()
    }
  }

  const put = async (
    key: string,
    value: string,
    lifetime: Lifetime,
    writeOf: (ending: Ending | undefined) => Put,
  ): Promise<StoredObject> => {
    checkKey(key)
    checkValue(value)
    const ending = ends.begin(lifetime)
    const { revision, object, names } = await write({ ...writeOf(ending), ...fencedBy(lifetime.fence) })
    const { base } = names
    return {
      key,
      value,
      revision: revision - base,
      createdRevision: object.createRevision - base,
      ...(ending !== undefined && { expiresAtMs: ending.expiresAtMs }),
    }
  }

  /** No object has the revision of the store itself, so that it stands for those which no object can have. */
  const revisionOfEtcd = (revision: number): number => {
    const { base } = running().names
    return Number.isSafeInteger(revision) && revision > 0 && revision <= Number.MAX_SAFE_INTEGER - base
      ? base + revision
      : base
  }

  const fencedBy = (fence: Fence | undefined): Fenced => {
    if (fence === undefined) return {}
    checkKey(fence.key)
    return { fence: { key: fence.key, createdRevision: revisionOfEtcd(fence.createdRevision) } }
  }

  return {
    create: (key, value, lifetime = {}) =>
      put(key, value, lifetime, (ending) => ({ type: 'create', key, value, ending })),
    update: (key, value, expected, lifetime = {}) =>
      put(key, value, lifetime, (ending) => ({
        type: 'update',
        key,
        value,
        ending,
        revision: revisionOfEtcd(expected),
      })),
    async delete(key, { revision, createdRevision, fence }: DeletePrecondition = {}) {
      checkKey(key)
      const { names, ...outcome } = await write({
        type: 'delete',
        key,
        revision: revision === undefined ? undefined : revisionOfEtcd(revision),
        createdRevision: createdRevision === undefined ? undefined : revisionOfEtcd(createdRevision),
        ...fencedBy(fence),
      })
      const found = foundObject(names, outcome.object)
      if (hidden(found)) throw notFound()
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

function notFound(): StoreError {
  return new StoreError('objectNotFound', 'no object has this key')
}

function refusedWrite({ type }: EtcdWrite): StoreError {
  return type === 'create'
    ? new StoreError('objectExists', 'an object with this key exists')
    : new StoreError('revisionConflict', 'the object has changed since that revision')
}
