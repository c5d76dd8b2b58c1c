import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { channels } from '../local/channels.ts'
import { history, type HistoryLimit } from '../local/history.ts'
import { turns } from '../local/turns.ts'
import type { Past, Watched } from '../local/watcher.ts'
import type { StoreChange } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { signalAfter } from './after.ts'
import { changeFeed, type FedChange, watchedChanges } from './change-feed.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure, storeFailure } from './etcd-failure.ts'
import { rangeReply } from './etcd-replies.ts'
import type { FoundStore } from './find-store.ts'
import type { ObjectEnds } from './object-ends.ts'
import { recentChanges } from './recent-changes.ts'
import type { StoreNames } from './write-transaction.ts'

/** What this process knows of a store in etcd: its revision, its last changes, and who watches them. */
export interface EtcdReplica {
  readonly names: StoreNames
  readonly watched: Watched
  /** The greatest revision that etcd has told of. */
  readonly revision: () => number
  /** Etcd has told of this revision. */
  learn(revision: number): void
  /** Resolves when those who watch have all changes up to a revision, or soon if the watch of etcd is interrupted. */
  caughtUp(revision: number): Promise<void>
  /** @throws {StoreError} `revisionUnknown` if the store has not reached it. */
  requireReached(revision: number): Promise<void>
  /** @throws {StoreError} `revisionCompacted` */
  requireRemembered(revision: number): void
  compact(revision: number): Promise<void>
  /** Asks etcd for the revision. @throws {StoreError} */
  current(): Promise<number>
  stop(error: StoreError): void
}

/** Options of {@link etcdReplica}. */
export interface EtcdReplicaOptions {
  readonly client: EtcdClient
  readonly found: FoundStore
  readonly clock: Clock
  readonly elapsedMs: () => number
  readonly limit: HistoryLimit
  /** How long etcd may take for the next of the changes that it has already. */
  readonly timeoutMs: number
  readonly ends: ObjectEnds
  /** The replica has stopped: etcd has another store than before, or has forgotten changes that it needs. */
  readonly onLost: (error: StoreError) => void
}

/** How many watchers get an event before the event loop goes on. */
const READS_PER_TURN = 128
/** How long a write waits for its own change to come back, so that a watch that begins after it knows of it. */
const CATCH_UP_MS = 250

/** It begins with the revision at which the store was found. */
export function etcdReplica(options: EtcdReplicaOptions): EtcdReplica {
  const { client, found, clock, elapsedMs, limit, timeoutMs, ends, onLost } = options
  const { names } = found
  let { revision: known, compactedRevision } = found
  let stopped: StoreError | undefined
  let isCurrent = true
  const watchers = channels()
  const recent = recentChanges(known)
  const past = history(limit, known - compactedRevision, known)

  const onChanges = (fed: readonly FedChange[]): void => {
    const changes = fed.map(({ change }) => change)
    for (const { change, ending } of fed) ends.seen(change, ending)
    ends.plan()
    recent.add(changes)
    past.add(changes)
    watchers.publish(changes)
    const surplus = past.surplus()
    if (surplus !== undefined && surplus > compactedRevision) forget(surplus)
  }

  /** A failure only means that etcd keeps more than it must: the next time more is forgotten. */
  const forget = (revision: number): void => {
    compactedRevision = revision
    recent.forget(revision)
    for (const each of watchers.watchers()) each.forget(revision)
    compactEtcd(revision).catch(() => undefined)
  }

  const compactEtcd = async (revision: number): Promise<void> => {
    try {
      await client.call('kv/compaction', { revision: String(names.base + revision) })
    } catch (thrown) {
      if (!(thrown instanceof EtcdFailure && thrown.reason === 'compacted')) throw thrown
    }
  }

  const stop = (error: StoreError): void => {
    if (stopped !== undefined) return
    stopped = error
    cancelBeat()
    leaving.abort()
    feed.stop()
    for (const each of watchers.watchers()) each.fail(error)
  }

  const lose = (error: StoreError): void => {
    if (stopped !== undefined) return
    stop(error)
    onLost(error)
  }

  const leaving = new AbortController()
  const feed = changeFeed({ client, names, since: known, onChanges, onLost: lose })

  const learn = (revision: number): void => {
    known = Math.max(known, revision)
  }

  const current = async (): Promise<number> => {
    requireRunning()
    const least = feed.revision()
    const reply = await client.call('kv/range', { key: names.keys.state }).catch((thrown: unknown) => {
      throw storeFailure(thrown)
    })
    const state = rangeReply(reply).keyValues[0]
    const revision = (state?.modRevision ?? 0) - names.base
    if (state?.createRevision !== names.base || revision < least) {
      const error = new StoreError(
        'revisionUnknown',
        'etcd has another store than before, or an older copy of it',
      )
      lose(error)
      throw error
    }
    learn(revision)
    return revision
  }

  const requireRunning = (): void => {
    if (stopped !== undefined) throw stopped
  }

  const beat = async (): Promise<void> => {
    try {
      const revision = await current()
      await feed.reached(revision, signalAfter(systemClock, BEAT_MS))
      isCurrent = feed.isOpen() && feed.revision() >= revision
      if (!isCurrent) feed.renew()
    } catch {
      isCurrent = false
    }
  }
  let cancelBeat = (): void => {}
  const planBeat = (): void => {
    cancelBeat = systemClock.after(BEAT_MS, () => {
      void beat().finally(() => {
        if (stopped === undefined) planBeat()
      })
    })
  }
  planBeat()

  const requireReached = async (revision: number): Promise<void> => {
    if (revision <= known) return
    const last = await current()
    if (revision > last) {
      throw new StoreError('revisionUnknown', `revision ${revision} is unknown: the last one is ${last}`)
    }
  }

  const requireRemembered = (since: number): void => {
    if (since < compactedRevision) throw forgotten(since)
  }

  let extending: Promise<void> | undefined
  /** Reads changes that came before this process, once for all who want them. */
  const extend = (since: number): Promise<void> => {
    extending ??= readBefore(since)
      .catch((thrown: unknown) => {
        throw storeFailure(thrown)
      })
      .finally(() => (extending = undefined))
    return extending
  }

  const readBefore = async (since: number): Promise<void> => {
    const end = recent.since()
    const changes: StoreChange[] = []
    let length = 0
    const controller = new AbortController()
    const signal = AbortSignal.any([controller.signal, leaving.signal])
    let cancel = (): void => {}
    const awaitNext = (): void => {
      cancel()
      cancel = systemClock.after(timeoutMs, () => controller.abort())
    }
    awaitNext()
    try {
      for await (const fed of watchedChanges(client, names, since, signal)) {
        awaitNext()
        for (const { change } of fed) {
          if (change.revision <= end) changes.push(change)
          length += change.value.length
        }
        if ((fed.at(-1)?.change.revision ?? 0) >= end) break
        if (length > 1.1 * limit.length) throw forgotten(since)
      }
    } finally {
      cancel()
    }
    requireRunning()
    if (controller.signal.aborted)
      throw new EtcdFailure('unknown', 'a watch of changes from before is silent')
    if (recent.since() === end) recent.prepend(changes, since)
  }

  const pastOf =
    (prefix: string): Past =>
    (since) => {
      requireRunning()
      requireRemembered(since)
      if (since > feed.revision())
        return requireReached(since).then(() => feed.reached(since, leaving.signal))
      if (since < recent.since()) return extend(since)
      return recent.after(since, prefix)
    }

  return {
    names,
    watched: {
      clock,
      elapsedMs,
      turns: turns(READS_PER_TURN),
      revision: () => feed.revision(),
      isCurrent: () => isCurrent && feed.isOpen(),
      past: pastOf,
      join: (each) => watchers.join(each),
      leave: (each) => watchers.leave(each),
    },
    revision: () => known,
    learn,
    async caughtUp(revision) {
      learn(revision)
      if (feed.isOpen()) await feed.reached(revision, signalAfter(systemClock, CATCH_UP_MS))
    },
    requireReached,
    requireRemembered,
    async compact(revision) {
      await requireReached(revision)
      if (revision <= compactedRevision) return
      await compactEtcd(revision)
      compactedRevision = Math.max(compactedRevision, revision)
    },
    current,
    stop,
  }
}

/** How often etcd is asked for its revision, and how long the watch of etcd may be behind it. */
const BEAT_MS = 1000

function forgotten(since: number): StoreError {
  return new StoreError('revisionCompacted', `changes after revision ${since} were forgotten`)
}
