import { systemClock } from '@kube-authn/core/internal'
import { type Channels, channels } from '../local/channels.ts'
import { type History, history } from '../local/history.ts'
import { turns } from '../local/turns.ts'
import { type Past, READS_PER_TURN, type Watched } from '../local/watcher.ts'
import type { StoreChange } from '../object-store.ts'
import { requireKnown } from '../revisions.ts'
import { StoreError } from '../store-error.ts'
import { signalAfter } from './within.ts'
import { type ChangeFeed, changeFeed, watchedChanges } from './change-feed.ts'
import type { FedChange } from './change-of-event.ts'
import type { EtcdConnection } from './connect-etcd.ts'
import type { EndedObjects } from './ended-objects.ts'
import { EtcdFailure, storeFailure } from './etcd-failure.ts'
import { rangeReply } from './etcd-replies.ts'
import type { FoundStore } from './find-store.ts'
import { type RecentChanges, recentChanges } from '../local/recent-changes.ts'
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

export interface EtcdReplicaOptions extends Pick<EtcdConnection, 'client' | 'clock' | 'limit' | 'timeoutMs'> {
  readonly found: FoundStore
  readonly ends: Pick<EndedObjects, 'seen' | 'plan'>
  /** The replica has stopped: etcd has another store than before, or has forgotten changes that it needs. */
  readonly onLost: (error: StoreError) => void
}

/** How long a write waits for its own change to come back, so that a watch that begins after it knows of it. */
const CATCH_UP_MS = 250
/** How often etcd is asked for its revision, and how long the watch of etcd may be behind it. */
const BEAT_MS = 1000

interface ReplicaState {
  readonly options: EtcdReplicaOptions
  readonly watchers: Channels
  readonly recent: RecentChanges
  readonly past: History
  readonly feed: ChangeFeed
  /** Aborts when the replica stops. */
  readonly leaving: AbortController
  /** The greatest revision that etcd has told of. */
  known: number
  compactedRevision: number
  /** Whether the last beat found all changes here. */
  isCurrent: boolean
  stopped: StoreError | undefined
  cancelBeat: (() => void) | undefined
  /** While changes that came before this process are read. */
  extending: Promise<void> | undefined
}

/** It begins with the revision at which the store was found. */
export function etcdReplica(options: EtcdReplicaOptions): EtcdReplica {
  const { client, found, limit } = options
  const { names, revision: since, compactedRevision } = found
  const state: ReplicaState = {
    options,
    watchers: channels(),
    recent: recentChanges(since),
    past: history(limit, since - compactedRevision, since),
    feed: changeFeed({
      client,
      names,
      since,
      onChanges: (fed) => deliver(state, fed),
      onLost: (error) => lose(state, error),
    }),
    leaving: new AbortController(),
    known: since,
    compactedRevision,
    isCurrent: true,
    stopped: undefined,
    cancelBeat: undefined,
    extending: undefined,
  }
  planBeat(state)
  return {
    names,
    watched: watchedReplica(state),
    revision: () => state.known,
    learn: (revision) => learn(state, revision),
    async caughtUp(revision) {
      learn(state, revision)
      const { feed } = state
      if (feed.isOpen()) await feed.reached(revision, signalAfter(systemClock, CATCH_UP_MS))
    },
    requireReached: (revision) => requireReached(state, revision),
    requireRemembered: (revision) => requireRemembered(state, revision),
    async compact(revision) {
      await requireReached(state, revision)
      if (revision <= state.compactedRevision) return
      await compactEtcd(state, revision)
      state.compactedRevision = Math.max(state.compactedRevision, revision)
    },
    current: () => current(state),
    stop: (error) => stop(state, error),
  }
}

function watchedReplica(state: ReplicaState): Watched {
  const { feed, watchers, options } = state
  return {
    clock: options.clock,
    turns: turns(READS_PER_TURN),
    revision: () => feed.revision(),
    isCurrent: () => state.isCurrent && feed.isOpen(),
    past: (prefix) => (since) => pastAfter(state, prefix, since),
    join: (each) => watchers.join(each),
    leave: (each) => watchers.leave(each),
  }
}

/** Changes came from the watch of etcd. */
function deliver(state: ReplicaState, fed: readonly FedChange[]): void {
  const { recent, past, watchers } = state
  const { ends } = state.options
  const changes = fed.map(({ change }) => change)
  for (const { change, ending } of fed) ends.seen(change, ending)
  ends.plan()
  recent.add(changes)
  past.add(changes)
  watchers.publish(changes)
  const surplus = past.surplus()
  if (surplus !== undefined && surplus > state.compactedRevision) forget(state, surplus)
}

/** A failure only means that etcd keeps more than it must: the next time more is forgotten. */
function forget(state: ReplicaState, revision: number): void {
  state.compactedRevision = revision
  state.recent.forget(revision)
  for (const each of state.watchers.watchers()) each.forget(revision)
  compactEtcd(state, revision).catch(() => undefined)
}

async function compactEtcd({ options }: ReplicaState, revision: number): Promise<void> {
  const { client, found } = options
  try {
    await client.call('kv/compaction', { revision: String(found.names.base + revision) })
  } catch (thrown) {
    if (!(thrown instanceof EtcdFailure && thrown.reason === 'compacted')) throw thrown
  }
}

function stop(state: ReplicaState, error: StoreError): void {
  if (state.stopped !== undefined) return
  state.stopped = error
  state.cancelBeat?.()
  state.leaving.abort()
  state.feed.stop()
  for (const each of state.watchers.watchers()) each.fail(error)
}

function lose(state: ReplicaState, error: StoreError): void {
  if (state.stopped !== undefined) return
  stop(state, error)
  state.options.onLost(error)
}

function learn(state: ReplicaState, revision: number): void {
  state.known = Math.max(state.known, revision)
}

async function current(state: ReplicaState): Promise<number> {
  requireRunning(state)
  const { client, found } = state.options
  const { names } = found
  const least = state.feed.revision()
  const reply = await client.call('kv/range', { key: names.keys.state }).catch((thrown: unknown) => {
    throw storeFailure(thrown)
  })
  const stored = rangeReply(reply).keyValues[0]
  const revision = (stored?.modRevision ?? 0) - names.base
  if (stored?.createRevision !== names.base || revision < least) {
    const error = new StoreError(
      'revisionUnknown',
      'etcd has another store than before, or an older copy of it',
    )
    lose(state, error)
    throw error
  }
  learn(state, revision)
  return revision
}

function requireRunning({ stopped }: ReplicaState): void {
  if (stopped !== undefined) throw stopped
}

function planBeat(state: ReplicaState): void {
  state.cancelBeat = systemClock.after(BEAT_MS, () => {
    void beat(state).finally(() => {
      if (state.stopped === undefined) planBeat(state)
    })
  })
}

async function beat(state: ReplicaState): Promise<void> {
  const { feed } = state
  try {
    const revision = await current(state)
    await feed.reached(revision, signalAfter(systemClock, BEAT_MS))
    state.isCurrent = feed.isOpen() && feed.revision() >= revision
    if (!state.isCurrent) feed.renew()
  } catch {
    state.isCurrent = false
  }
}

async function requireReached(state: ReplicaState, revision: number): Promise<void> {
  if (revision > state.known) requireKnown({ revision: await current(state) }, revision)
}

function requireRemembered({ compactedRevision }: ReplicaState, since: number): void {
  if (since < compactedRevision) throw forgotten(since)
}

/** The next change for a watcher that comes from before. */
function pastAfter(state: ReplicaState, prefix: string, since: number): ReturnType<Past> {
  const { feed, recent, leaving } = state
  requireRunning(state)
  requireRemembered(state, since)
  if (since > feed.revision()) {
    return requireReached(state, since).then(() => feed.reached(since, leaving.signal))
  }
  return since < recent.since() ? extend(state, since) : recent.after(since, prefix)
}

/** Reads changes that came before this process, once for all who want them. */
function extend(state: ReplicaState, since: number): Promise<void> {
  state.extending ??= readBefore(state, since)
    .catch((thrown: unknown) => {
      throw storeFailure(thrown)
    })
    .finally(() => (state.extending = undefined))
  return state.extending
}

async function readBefore(state: ReplicaState, since: number): Promise<void> {
  const { recent, leaving, options } = state
  const end = recent.since()
  const changes: StoreChange[] = []
  let length = 0
  const controller = new AbortController()
  const signal = AbortSignal.any([controller.signal, leaving.signal])
  const startTimer = (): (() => void) => systemClock.after(options.timeoutMs, () => controller.abort())
  let cancel = startTimer()
  try {
    for await (const fed of watchedChanges(options.client, options.found.names, since, signal)) {
      cancel()
      cancel = startTimer()
      for (const { change } of fed) {
        if (change.revision <= end) changes.push(change)
        length += change.value.length
      }
      if ((fed.at(-1)?.change.revision ?? 0) >= end) break
      if (length > 1.1 * options.limit.length) throw forgotten(since)
    }
  } finally {
    cancel()
  }
  requireRunning(state)
  if (controller.signal.aborted) throw new EtcdFailure('unknown', 'a watch of changes from before is silent')
  if (recent.since() === end) recent.prepend(changes, since)
}

function forgotten(since: number): StoreError {
  return new StoreError('revisionCompacted', `changes after revision ${since} were forgotten`)
}
