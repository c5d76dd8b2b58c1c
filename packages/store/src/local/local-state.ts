import type { Clock } from '@kube-authn/core'
import { checkKey } from '../limits.ts'
import { type DeletePrecondition, objectOf, type StoreChange, type StoredObject } from '../object-store.ts'
import { requireKnown } from '../revisions.ts'
import { closed, failureOfWrite, fencedOff, refusal } from '../store-error.ts'
import { type Channels, channels } from './channels.ts'
import { type Deadline, type Deadlines, deadlines } from './deadlines.ts'
import { type Deferred, deferred } from './deferred.ts'
import type { LocalEngine } from './engine.ts'
import { type History, history, type HistoryLimit } from './history.ts'

/** What all stores in this process have in common. */
export interface LocalStoreOptions {
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly history: HistoryLimit
  /** Calls back soon, so that writes of the same moment are committed together. */
  readonly soon: (callback: () => void) => void
}

/** A change that is asked for. */
export interface Operation extends DeletePrecondition {
  readonly type: StoreChange['type']
  readonly key: string
  readonly value?: string
  readonly deadline?: Deadline | undefined
}

/** A change that is to be committed, and the end that its object has then. */
interface Decided {
  readonly change: StoreChange
  readonly deadline: Deadline | undefined
}

/** A store in this process: its engine, and what is known of it in memory. */
export interface LocalState {
  readonly engine: LocalEngine
  readonly watched: Channels
  readonly past: History
  readonly ends: Deadlines
  /** What was asked for and is not written yet. */
  readonly waiting: { readonly operation: Operation; readonly promise: Deferred<StoreChange> }[]
  readonly soon: LocalStoreOptions['soon']
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
    waiting: [],
    soon,
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
export function write(state: LocalState, operation: Operation): Promise<StoreChange> {
  requireOpen(state)
  if (operation.fence !== undefined) checkKey(operation.fence.key)
  expireDue(state)
  const promise = deferred<StoreChange>()
  state.waiting.push({ operation, promise })
  if (state.waiting.length === 1) state.soon(() => flush(state))
  return promise.promise
}

/**
 * Writes what was asked for, now. A group is decided in order, each write seeing those before it, and is then committed as a whole. If that fails, all of the group fail,
 * also those that were refused: what they were refused for has not happened.
 */
export function flush(state: LocalState): void {
  const group = state.waiting.splice(0)
  const decided: Decided[] = []
  const answers: (() => void)[] = []
  const written = new Map<string, StoredObject | undefined>()
  const { engine, revision } = state
  const currentOf = (key: string): StoredObject | undefined =>
    written.has(key) ? written.get(key) : engine.get(key)
  const standing = (key: string): StoredObject | undefined =>
    written.has(key) || !state.ends.due().includes(key) ? currentOf(key) : undefined
  for (const { operation, promise } of group) {
    const { key, deadline } = operation
    try {
      const change = decide(operation, currentOf(key), revision + decided.length + 1, standing)
      decided.push({ change, deadline })
      written.set(key, change.type === 'deleted' ? undefined : objectOf(change))
      answers.push(() => promise.resolve(change))
    } catch (thrown) {
      answers.push(() => promise.reject(thrown))
    }
  }
  try {
    if (decided.length > 0) commit(state, decided)
  } catch (thrown) {
    for (const { promise } of group) promise.reject(failureOfWrite(thrown, 'notWritten'))
    return
  }
  for (const answer of answers) answer()
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

/**
 * The change that an operation makes of an object as it is.
 *
 * @param standing finds an object of any key that has not expired by now.
 * @throws {StoreError} if it is refused.
 */
function decide(
  { type, key, value = '', fence, deadline, ...expected }: Operation,
  current: StoredObject | undefined,
  revision: number,
  standing: (key: string) => StoredObject | undefined,
): StoreChange {
  if (fence !== undefined && standing(fence.key)?.createdRevision !== fence.createdRevision) {
    throw fencedOff()
  }
  const ending = deadline === undefined ? {} : { expiresAtMs: deadline.expiresAtMs }
  if (type === 'created') {
    if (current !== undefined) throw refusal('objectExists')
    return { type, key, value, revision, createdRevision: revision, ...ending }
  }
  if (current === undefined) throw refusal('objectNotFound')
  const { createdRevision, value: previous } = current
  const isExpected =
    (expected.revision ?? current.revision) === current.revision &&
    (expected.createdRevision ?? createdRevision) === createdRevision
  if (!isExpected) throw refusal('revisionConflict')
  if (type === 'deleted') return { type, key, value: previous, revision, createdRevision }
  return { type, key, value, revision, createdRevision, previous, ...ending }
}

function commit(state: LocalState, decided: readonly Decided[]): void {
  const { engine, past, ends, watched } = state
  const changes = decided.map(({ change }) => change)
  engine.write(changes)
  state.revision = changes.at(-1)?.revision ?? state.revision
  past.add(changes)
  for (const { change, deadline } of decided) ends.set(change.key, deadline)
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

/** Deletes what has expired, before anything is read or decided: so it is never seen. */
function expireDue(state: LocalState): void {
  const { ends, engine } = state
  if (ends.due().length === 0) return
  // What was asked for before is decided before.
  flush(state)
  const decided: Decided[] = []
  for (const key of ends.due()) {
    const current = engine.get(key)
    if (current === undefined) ends.set(key, undefined)
    else {
      const { value, createdRevision } = current
      const revision = state.revision + decided.length + 1
      decided.push({
        change: { type: 'deleted', key, value, revision, createdRevision },
        deadline: undefined,
      })
    }
  }
  if (decided.length > 0) commit(state, decided)
}

function tryToExpire(state: LocalState): void {
  try {
    expireDue(state)
  } catch {
    // The engine failed. The next read or write expires them, or fails too.
  }
}
