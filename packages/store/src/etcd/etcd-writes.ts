import { checkKey, checkValue } from '../limits.ts'
import type {
  DeletePrecondition,
  Fence,
  Fenced,
  Lifetime,
  ObjectStore,
  StoredObject,
} from '../object-store.ts'
import { failureOfWrite, refusal, StoreError } from '../store-error.ts'
import { foundObject } from './change-of-event.ts'
import type { Ending } from './envelope.ts'
import { EtcdFailure, storeFailure } from './etcd-failure.ts'
import type { WriteOutcome } from './etcd-writer.ts'
import { findObject, type OpenedStore, running, tryWrite } from './opened-store.ts'
import type { EtcdWrite, StoreNames } from './write-transaction.ts'

type DoneWrite = Extract<WriteOutcome, { readonly isDone: true }> & { readonly names: StoreNames }

/** The rules of the writes of an {@link ObjectStore} over etcd. */
export function etcdWrites(store: OpenedStore): Pick<ObjectStore, 'create' | 'update' | 'delete'> {
  const revisionInEtcd = (revision: number): number => revisionOf(running(store).names, revision)
  return {
    create: (key, value, lifetime = {}) =>
      put(store, key, value, lifetime, (ending) => ({ type: 'create', key, value, ending })),
    update: (key, value, expected, lifetime = {}) =>
      put(store, key, value, lifetime, (ending) => {
        return { type: 'update', key, value, ending, revision: revisionInEtcd(expected) }
      }),
    async delete(key, { revision, createdRevision, fence }: DeletePrecondition = {}) {
      checkKey(key)
      const { names, ...outcome } = await write(store, {
        type: 'delete',
        key,
        revision: revision === undefined ? undefined : revisionInEtcd(revision),
        createdRevision: createdRevision === undefined ? undefined : revisionInEtcd(createdRevision),
        ...fencedBy(store, fence),
      })
      const found = foundObject(names, outcome.object)
      if (store.ended.isOver(found)) throw refusal('objectNotFound')
      const { value, createdRevision: created } = found.object
      const at = outcome.revision - names.base
      return { type: 'deleted', key, value, revision: at, createdRevision: created }
    },
  }
}

async function put(
  store: OpenedStore,
  key: string,
  value: string,
  lifetime: Lifetime,
  writeOf: (ending: Ending | undefined) => Exclude<EtcdWrite, { readonly type: 'delete' }>,
): Promise<StoredObject> {
  checkKey(key)
  checkValue(value)
  const ending = store.ended.begin(lifetime)
  const { revision, object, names } = await write(store, {
    ...writeOf(ending),
    ...fencedBy(store, lifetime.fence),
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
async function write(store: OpenedStore, given: EtcdWrite): Promise<DoneWrite> {
  const { ended } = store
  for (;;) {
    await ended.removed('writer')
    await requireNoneOver(store, given)
    const replica = running(store)
    const { names } = replica
    const outcome = await tryWrite(store, replica, given).catch((thrown: unknown) => {
      const isUnknown = thrown instanceof EtcdFailure && thrown.outcome === 'unknown'
      throw isUnknown ? failureOfWrite(storeFailure(thrown), 'unknown') : thrown
    })
    if (outcome.isDone) {
      await replica.caughtUp(outcome.revision - names.base)
      return { ...outcome, names }
    }
    if (outcome.state?.createRevision !== names.base) {
      await replica.current()
      throw new StoreError('storeUnavailable', 'etcd has another store than before')
    }
    if (outcome.isFenced) throw refusal('fenced')
    if (outcome.current === undefined) throw refusal('objectNotFound')
    const found = foundObject(names, outcome.current)
    if (!ended.isOver(found)) throw refusal(given.type === 'create' ? 'objectExists' : 'revisionConflict')
    ended.seen(found.object, found.ending)
    await ended.remove(found.object)
    if (given.type !== 'create') throw refusal('objectNotFound')
  }
}

/** An object that has ended must not be changed nor be a fence, even if it could not be deleted before. */
async function requireNoneOver(store: OpenedStore, { key, fence, ...given }: EtcdWrite): Promise<void> {
  const { ended } = store
  if (given.type === 'update') await requireEndKnown(store, key, given.revision)
  if (fence !== undefined) {
    await requireEndKnown(store, fence.key, fence.createdRevision)
    const over = ended.overdue(fence.key)
    // Unless it was put off meanwhile: etcd decides.
    if (over !== undefined) await ended.remove(over)
  }
  const over = ended.overdue(key)
  if (over === undefined) return
  await ended.remove(over)
  if (fence === undefined && given.type !== 'create') throw refusal('objectNotFound')
}

/** Etcd compares revisions only: when a version ends is known from the watch, or from a read if the watch has not told of this revision yet. */
async function requireEndKnown(store: OpenedStore, key: string, revision: number): Promise<void> {
  const { names, watched } = running(store)
  if (revision - names.base <= watched.revision()) return
  const found = await findObject(store, key)
  if (found !== undefined) store.ended.seen(found.object, found.ending)
}

function fencedBy(store: OpenedStore, fence: Fence | undefined): Fenced {
  if (fence === undefined) return {}
  checkKey(fence.key)
  return {
    fence: { key: fence.key, createdRevision: revisionOf(running(store).names, fence.createdRevision) },
  }
}

/** The revision in etcd. No object has the revision of the store itself, so that it stands for those which no object can have. */
function revisionOf({ base }: StoreNames, revision: number): number {
  return Number.isSafeInteger(revision) && revision > 0 && revision <= Number.MAX_SAFE_INTEGER - base
    ? base + revision
    : base
}
