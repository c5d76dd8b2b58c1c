import { checkLimit, continueToken, readContinueToken } from '../list-pages.ts'
import type { ListOptions, StoredList, StoredObject } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { foundObject } from './change-of-event.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'
import { countIn, type RangeReply, transactionReply } from './etcd-replies.ts'
import type { EtcdReplica } from './etcd-replica.ts'
import { type OpenedStore, running } from './opened-store.ts'
import { rangeTransaction, readState } from './write-transaction.ts'

/** Objects have up to 1 MiB, so the first answer must not have many; later ones have as many as their size allows. */
const FIRST_PAGE = 64
const LARGEST_PAGE = 1000
const PAGE_LENGTH = 4_194_304

/** Where a list is. Revisions are those of the store. */
interface Position {
  readonly revision: number | undefined
  readonly after: string | undefined
}

/** The objects of a prefix, read in several answers of etcd at one revision. */
export async function listObjects(
  store: OpenedStore,
  prefix: string,
  { limit = Infinity, continue: token }: ListOptions,
): Promise<StoredList> {
  if (limit !== Infinity) checkLimit(limit)
  const replica = running(store)
  const { client } = store.connection
  const objects: StoredObject[] = []
  let { revision, after } = await startOf(replica, prefix, token)
  let size = FIRST_PAGE
  for (;;) {
    const most = Math.min(size, limit - objects.length)
    const page = await readPage(client, replica, prefix, { revision, after }, most)
    revision = page.revision
    let length = 0
    for (const each of page.range.keyValues) {
      const found = foundObject(replica.names, each)
      after = found.object.key
      length += found.object.value.length
      if (!store.ended.isOver(found)) objects.push(found.object)
    }
    const isMore = page.range.isMore && after !== undefined
    if (!isMore) return { objects, revision }
    if (objects.length >= limit && after !== undefined) {
      return { objects, revision, continue: continueToken({ revision, after }) }
    }
    size = length > PAGE_LENGTH ? Math.max(1, size >> 1) : Math.min(LARGEST_PAGE, 2 * size)
  }
}

/** How many objects there are with a prefix. */
export async function countObjects(store: OpenedStore, prefix: string): Promise<number> {
  const { keys } = running(store).names
  const range = { ...keys.objects(prefix), count_only: true }
  return countIn(await store.connection.client.call('kv/range', range))
}

async function startOf(replica: EtcdReplica, prefix: string, token: string | undefined): Promise<Position> {
  if (token === undefined) return { revision: undefined, after: undefined }
  const from = readContinueToken(token, prefix)
  replica.requireRemembered(from.revision)
  await replica.requireReached(from.revision)
  return from
}

/** The first page tells the revision of the store that it is of. */
async function readPage(
  client: EtcdClient,
  replica: EtcdReplica,
  prefix: string,
  { revision, after }: Position,
  limit: number,
): Promise<{ readonly range: RangeReply; readonly revision: number }> {
  const { keys, base } = replica.names
  const range = { ...keys.objects(prefix, after), limit: String(limit) }
  const request =
    revision === undefined
      ? { success: [readState(keys), { request_range: range }] }
      : rangeTransaction(replica.names, range, revision)
  const { results } = transactionReply(await client.call('kv/txn', request))
  const [state, found] = revision === undefined ? results : [undefined, ...results]
  const { createRevision, modRevision = base } = state?.keyValues[0] ?? {}
  if (revision === undefined && createRevision !== base) {
    throw new StoreError('storeUnavailable', 'etcd has another store than before')
  }
  if (found === undefined) throw new EtcdFailure('unknown', 'etcd has not answered all of a transaction')
  if (revision !== undefined) return { range: found, revision }
  replica.learn(modRevision - base)
  return { range: found, revision: modRevision - base }
}
