import type { Clock } from '@kube-authn/core'
import { checkKey } from '../limits.ts'
import type { Fence, StoreChange, StoredObject } from '../object-store.ts'
import { requireKnown } from '../revisions.ts'
import { type Channels, channels } from './channels.ts'
import { type Deadline, type Deadlines, deadlines } from './deadlines.ts'
import { deletion, fenced } from './decisions.ts'
import type { LocalEngine } from './engine.ts'
import { type History, history, type HistoryLimit } from './history.ts'
import { closed, type Decide, type WriteQueue, writeQueue } from './write-queue.ts'

/** What all stores in this process have in common. */
export interface LocalStoreOptions {
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly history: HistoryLimit
  /** Calls back soon, so that writes of the same moment are committed together. */
  readonly soon: (callback: () => void) => void
}

/** A store in this process: its engine, and what is known of it in memory. */
export interface LocalState {
  readonly engine: LocalEngine
  readonly watched: Channels
  readonly past: History
  readonly ends: Deadlines
  readonly queue: WriteQueue
  /** Of changes that are being committed. */
  readonly deadlineOf: WeakMap<StoreChange, Deadline>
  revision: number
  compactedRevision: number
  isClosed: boolean
}

/** The state of a store that is opened. Its objects end at their time from now on. */
export function openState(
  engine: LocalEngine,
  { clock, elapsedMs, history: limit, soon }: LocalStoreOptions,
): LocalState {
  const { revision, compactedRevision } = engine
  const state: LocalState = {
    engine,
    watched: channels(),
    past: history(limit, revision - compactedRevision, revision),
    ends: deadlines({ clock, elapsedMs, onDue: () => tryToExpire(state) }),
    queue: writeQueue({
      get: (key) => engine.get(key),
      standing: (key) => unexpired(state, key),
      revision: () => state.revision,
      commit: (changes) => commit(state, changes),
      soon,
    }),
    deadlineOf: new WeakMap(),
    revision,
    compactedRevision,
    isClosed: false,
  }
  state.ends.resume(engine.expiring())
  state.ends.plan()
  return state
}

/** @throws {StoreError} `closed` */
export function requireOpen({ isClosed }: LocalState): void {
  if (isClosed) throw closed()
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Deletes what has expired.
 *
 * @returns the keys of objects that must not be shown: those that have expired, while the engine cannot delete them, as on a full disk.
 */
export function prepareToRead(state: LocalState): ReadonlySet<string> {
  requireOpen(state)
  try {
    expireDue(state)
    return NONE
  } catch {
    return new Set(state.ends.due())
  }
}

/** Writes with the others of this moment, on the condition that the fence stands. */
export function write(
  state: LocalState,
  key: string,
  decide: Decide,
  fence: Fence | undefined,
  deadline?: Deadline,
): Promise<StoreChange> {
  requireOpen(state)
  if (fence !== undefined) checkKey(fence.key)
  expireDue(state)
  const decideFenced = fenced(decide, fence)
  return state.queue.write(key, (current, at, standing) => {
    const change = decideFenced(current, at, standing)
    if (deadline !== undefined) state.deadlineOf.set(change, deadline)
    return change
  })
}

/** Forgets changes up to a revision. */
export function compact(state: LocalState, upTo: number): void {
  requireOpen(state)
  requireKnown(state, upTo)
  if (upTo <= state.compactedRevision) return
  state.engine.compact(upTo)
  state.compactedRevision = upTo
}

/** Ends the watches. What was asked for must be written already. */
export function close(state: LocalState): void {
  state.isClosed = true
  state.ends.stop()
  for (const each of state.watched.watchers()) each.fail(closed())
  state.engine.close()
}

function commit(state: LocalState, changes: readonly StoreChange[]): void {
  const { engine, past, ends, watched, deadlineOf } = state
  engine.write(changes)
  state.revision = changes.at(-1)?.revision ?? state.revision
  past.add(changes)
  for (const change of changes) ends.set(change.key, deadlineOf.get(change))
  watched.publish(changes)
  ends.plan()
  forgetSurplus(state)
}

/** A failure is no failure of the write, which is durable already: the next write tries again. */
function forgetSurplus(state: LocalState): void {
  const surplus = state.past.surplus()
  if (surplus === undefined || surplus <= state.compactedRevision) return
  try {
    state.engine.compact(surplus)
    state.compactedRevision = surplus
  } catch {
    // The history is only longer than it need be.
  }
  // What waits for slow watchers is in memory, so the limit of the history is theirs too.
  for (const each of state.watched.watchers()) each.forget(surplus)
}

function unexpired({ ends, engine }: LocalState, key: string): StoredObject | undefined {
  return ends.due().includes(key) ? undefined : engine.get(key)
}

/** Deletes what has expired, before anything is read or decided: so it is never seen. */
function expireDue(state: LocalState): void {
  const { ends, queue, engine } = state
  if (ends.due().length === 0) return
  // What was asked for before is decided before.
  queue.flush()
  const decide = deletion({})
  const changes: StoreChange[] = []
  for (const key of ends.due()) {
    const current = engine.get(key)
    if (current === undefined) ends.set(key, undefined)
    else changes.push(decide(current, state.revision + changes.length + 1, (each) => unexpired(state, each)))
  }
  if (changes.length > 0) commit(state, changes)
}

function tryToExpire(state: LocalState): void {
  try {
    expireDue(state)
  } catch {
    // The engine failed. The next read or write expires them, or fails too.
  }
}
