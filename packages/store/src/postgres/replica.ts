import { type StoreTime, storeTime } from '@kube-authn/core/internal'
import { type Channels, channels } from '../local/channels.ts'
import type { Past } from '../local/watcher.ts'
import type { StoreChange } from '../object-store.ts'
import { requireRemembered, type StoreState } from '../revisions.ts'
import { type ChangeFeed, changeFeed } from './change-feed.ts'
import type { PostgresStoreOptions } from './database.ts'
import { quotedIdentifier } from './schema.ts'
import { type Reader, reader } from './reader.ts'
import { type NextExpiry, numberIn } from './rows.ts'
import { type Writer, writer } from './writer.ts'

/** What this process has of a store in a database. */
export interface Replica {
  readonly options: PostgresStoreOptions
  readonly read: Reader
  readonly time: StoreTime
  readonly watched: Channels
  readonly ends: ReturnType<typeof expiryTimer>
  readonly feed: ChangeFeed
  readonly writes: Writer
  /** The greatest revision that this process has seen. */
  revision: number
  compactedRevision: number
  /** Whether more changes are remembered than the limit says. */
  isExceeded: boolean
}

/** @throws {StoreError} if the database cannot be reached or has no store. */
export async function openReplica(options: PostgresStoreOptions): Promise<Replica> {
  const { database, schema, clock, elapsedMs, now, history } = options
  const read = reader(database, schema, now)
  const time = storeTime(clock, elapsedMs, now() !== null)
  const opened = await timed({ options, time }, () => read.state())
  const watched = channels()
  const replica: Replica = {
    options,
    read,
    time,
    watched,
    // What expires is written, and what is written tells what expires next.
    ends: expiryTimer(options, {
      expire: () => replica.writes.expire(),
      look: () => currentRevision(replica),
    }),
    feed: changeFeed({
      ...options,
      revision: opened.revision,
      read: (prefixes, since) => timed(replica, () => read.changes(prefixes, since)),
      onPage: (page) => observe(replica, page),
      publish: (changes) => watched.publish(changes),
      fail(error, revision) {
        if (error.code === 'revisionUnknown') {
          replica.revision = revision
          replica.ends.reset()
        }
        for (const each of watched.watchers()) each.fail(error)
      },
    }),
    writes: writer({
      ...options,
      onWritten(written) {
        const { revision, compactedRevision, historyLength } = written
        time.learn({ fromMs: written.nowMs, toMs: Infinity, sentMs: 0, receivedMs: elapsedMs() })
        replica.feed.offer(written.changes)
        observe(replica, written)
        // By a tenth, so that it happens once in many changes that everything before the limit is forgotten.
        replica.isExceeded =
          revision - compactedRevision > 1.1 * history.changes || historyLength > 1.1 * history.length
      },
      between: () => forgetSurplus(replica),
    }),
    revision: opened.revision,
    compactedRevision: opened.compactedRevision,
    isExceeded: false,
  }
  replica.ends.plan(opened)
  return replica
}

/** Every answer tells the time of the database. */
async function timed<T extends NextExpiry>(
  { options: { elapsedMs }, time }: Pick<Replica, 'options' | 'time'>,
  ask: () => Promise<T>,
): Promise<T> {
  const sentMs = elapsedMs()
  const answer = await ask()
  time.learn({ fromMs: answer.nowMs, toMs: answer.nowMs, sentMs, receivedMs: elapsedMs() })
  return answer
}

/** The database has told how far it is, and what expires next. */
function observe(replica: Replica, state: StoreState & NextExpiry): void {
  observeRevisions(replica, state)
  replica.ends.plan(state)
}

function observeRevisions(replica: Replica, { revision, compactedRevision }: StoreState): void {
  replica.revision = Math.max(replica.revision, revision)
  if (compactedRevision <= replica.compactedRevision) return
  replica.compactedRevision = compactedRevision
  for (const each of replica.watched.watchers()) each.forget(compactedRevision)
}

export async function currentRevision(replica: Replica): Promise<number> {
  const { read, feed } = replica
  const current = await timed(replica, () => read.state())
  observe(replica, current)
  if (!feed.isCurrent()) feed.wake()
  return current.revision
}

/** Forgets changes up to a revision, unless it is yet to come. Returns how far the store is. */
export async function compact(replica: Replica, revision: number): Promise<StoreState> {
  const { database, schema, waitMs } = replica.options
  const sql = `SELECT o_revision AS last, o_compacted AS compacted FROM ${quotedIdentifier(schema)}.compact($1, $2)`
  const [row = {}] = await database.query(sql, [revision, waitMs])
  const state = { revision: numberIn(row, 'last'), compactedRevision: numberIn(row, 'compacted') }
  observeRevisions(replica, state)
  return state
}

/** Forgets what is more than the limit. A failure is none of the write: the next write tries again. */
async function forgetSurplus(replica: Replica): Promise<void> {
  const { read, options } = replica
  if (!replica.isExceeded) return
  replica.isExceeded = false
  try {
    await compact(replica, await read.surplus(options.history))
  } catch {
    // The history is only longer than it need be.
  }
}

/** Reads changes for one watcher that comes from before: from memory if they are there, otherwise in pages from the database. */
export function pastChanges(replica: Replica, prefix: string, requireOpen: () => void): Past {
  const { feed, read } = replica
  let page: readonly StoreChange[] = []
  let index = 0
  let readUpTo = 0

  const fetch = async (since: number): Promise<void> => {
    const found = await read.changes([prefix], since)
    requireRemembered(found, since)
    page = found.changes
    index = 0
    readUpTo = found.isPart ? (page.at(-1)?.revision ?? since) : found.revision
  }

  return (since) => {
    requireOpen()
    const change = page[index]
    if (change !== undefined) {
      index++
      return change
    }
    const from = Math.max(since, readUpTo)
    if (from > feed.revision()) return feed.reach(from)
    requireRemembered(replica, from)
    return feed.reaches(from, prefix) ? feed.next(from, prefix) : fetch(from)
  }
}

/** How long the next attempt waits if the database failed. */
const RETRY_MS = 1000
/** How long expired objects are left to the replica that deleted the last ones. */
const LEFT_TO_OTHERS_MS = 1000

/** What an expiry timer does in the database. */
interface ExpiryCalls {
  /** Deletes what has expired, and plans what comes next. @returns how many objects that were. */
  readonly expire: () => Promise<number>
  /** Reads and plans what comes next. */
  readonly look: () => Promise<unknown>
}

/**
 * Deletes objects when they expire, by the time of the database. Of many replicas one does so: a replica that came too late leaves the next ones to the others, and deletes
 * what is still there a second later.
 */
function expiryTimer({ clock, now }: PostgresStoreOptions, { expire, look }: ExpiryCalls) {
  let isStopped = false
  let isRunning = false
  let known: (StoreState & NextExpiry) | undefined
  let pauseMs = 0
  let cancel: (() => void) | undefined

  /** Until the next object is to be deleted; `undefined` if none expires. */
  const leftMs = (): number | undefined =>
    known?.nextMs === undefined ? undefined : known.nextMs - (now() ?? known.nowMs)

  const turn = async (): Promise<void> => {
    if (pauseMs > 0) {
      await look()
      if ((leftMs() ?? Infinity) > 0) return
    }
    pauseMs = (await expire()) > 0 ? 0 : LEFT_TO_OTHERS_MS
  }

  const run = (): void => {
    if (isRunning || isStopped) return
    isRunning = true
    turn().then(
      () => {
        isRunning = false
        wait()
      },
      () => {
        isRunning = false
        cancel?.()
        cancel = clock.after(RETRY_MS, run)
      },
    )
  }

  const wait = (): void => {
    cancel?.()
    const left = leftMs()
    if (left === undefined || isStopped || isRunning) return
    if (left + pauseMs > 0) cancel = clock.after(left + pauseMs, run)
    else run()
  }

  return {
    /** What was read before something that is known already is ignored. */
    plan(read: StoreState & NextExpiry): void {
      if (known !== undefined && read.revision < known.revision) return
      known = read
      wait()
    },
    /** The revisions are those of another store. */
    reset(): void {
      known = undefined
    },
    stop(): void {
      isStopped = true
      cancel?.()
    },
  }
}
