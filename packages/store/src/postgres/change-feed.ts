import { type History, history, type HistoryLimit } from '../local/history.ts'
import { type RecentChanges, recentChanges } from '../local/recent-changes.ts'
import type { StoreChange } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import type { PostgresStoreOptions } from './database.ts'
import type { ChangePage } from './reader.ts'
import { retryPauses } from './retry-pauses.ts'

/** The changes of the whole store, once for all watchers of this process. */
export interface ChangeFeed {
  /** Up to which revision changes were published. */
  readonly revision: () => number
  /** Whether the database was reached when it was last asked for changes. */
  readonly isCurrent: () => boolean
  /** Changes of this process, which need not be read if nothing came before them. */
  offer(changes: readonly StoreChange[]): void
  /** Begins to ask the database for changes. */
  follow(): void
  /** Asks now, as there may be changes. */
  wake(): void
  /** Resolves when changes were published up to a revision. @throws {StoreError} `revisionUnknown` if the store is not so far. */
  reach(revision: number): Promise<void>
  /** Whether {@link next} knows every change after a revision, which is not yet to come. */
  reaches(since: number): boolean
  /** The next change of a prefix after a revision that it reaches; `undefined` if there is none yet. */
  next(since: number, prefix: string): StoreChange | undefined
  stop(): void
}

export interface ChangeFeedOptions extends Pick<PostgresStoreOptions, 'clock' | 'pollMs'> {
  readonly revision: number
  /** The changes of the store after a revision. */
  readonly read: (since: number) => Promise<ChangePage>
  /** A page was read. */
  readonly onPage: (page: ChangePage) => void
  readonly publish: (changes: readonly StoreChange[]) => void
  /** Watchers cannot go on. The store is at `revision`. */
  readonly fail: (error: StoreError, revision: number) => void
}

interface FeedState {
  readonly options: ChangeFeedOptions
  /** The last changes: a watch that resumes near the end needs no read of the database. */
  recent: RecentChanges
  /** How many of them there are. */
  kept: History
  /** Of the last change. */
  revision: number
  readonly pauses: ReturnType<typeof retryPauses>
  isFollowing: boolean
  isFailing: boolean
  isStopped: boolean
  /** Cancels the next question. */
  cancel: (() => void) | undefined
  running: Promise<void>
  /** Begins when `running` has ended. */
  next: Promise<void> | undefined
}

const KEPT: HistoryLimit = { changes: 1000, length: 4_194_304 }

/** A change is kept with the value before it. */
function historyFrom(revision: number): History {
  return history(KEPT, 0, revision, ({ value, previous = '' }) => value.length + previous.length)
}

export function changeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { revision: at } = options
  const state: FeedState = {
    options,
    recent: recentChanges(at),
    kept: historyFrom(at),
    revision: at,
    pauses: retryPauses(),
    isFollowing: false,
    isFailing: false,
    isStopped: false,
    cancel: undefined,
    running: Promise.resolve(),
    next: undefined,
  }
  return {
    revision: () => state.revision,
    isCurrent: () => !state.isFailing,
    offer: (changes) => publish(state, changes),
    follow() {
      if (state.isFollowing) return
      state.isFollowing = true
      wake(state)
    },
    wake: () => wake(state),
    async reach(revision) {
      await pull(state)
      if (state.revision >= revision) return
      const message = `revision ${revision} is unknown: the last one is ${state.revision}`
      throw new StoreError('revisionUnknown', message)
    },
    reaches: (since) => since >= state.recent.since(),
    next: (since, prefix) => state.recent.after(since, prefix),
    stop() {
      state.isStopped = true
      state.cancel?.()
    },
  }
}

function wake(state: FeedState): void {
  if (!state.isFollowing || state.isStopped) return
  pull(state).then(
    () => {
      state.pauses.succeeded()
      plan(state, state.options.pollMs)
      state.isFailing = false
    },
    () => {
      state.isFailing = true
      plan(state, state.pauses.next())
    },
  )
}

function plan(state: FeedState, delayMs: number): void {
  state.cancel?.()
  if (!state.isStopped) state.cancel = state.options.clock.after(delayMs, () => wake(state))
}

/** Reads once more, after what is being read: many callers share it. */
function pull(state: FeedState): Promise<void> {
  const begin = (): Promise<void> => {
    state.next = undefined
    state.running = catchUp(state)
    return state.running
  }
  state.next ??= state.running.then(begin, begin)
  return state.next
}

async function catchUp(state: FeedState): Promise<void> {
  const { options } = state
  for (;;) {
    const since = state.revision
    const page = await options.read(since)
    options.onPage(page)
    if (page.revision < since) leap(state, 'revisionUnknown', page.revision)
    else if (page.compactedRevision > since) leap(state, 'revisionCompacted', page.revision)
    else publish(state, page.changes)
    if (!page.isPart || state.isStopped) return
  }
}

/** Watchers that miss changes which were forgotten, or which another database had, begin anew. */
function leap(state: FeedState, code: 'revisionCompacted' | 'revisionUnknown', to: number): void {
  state.recent = recentChanges(to)
  state.kept = historyFrom(to)
  state.revision = to
  state.options.fail(new StoreError(code, 'changes were missed: list again'), to)
}

/** Those that are known already are left out; so are all if there is a gap before them. */
function publish(state: FeedState, changes: readonly StoreChange[]): void {
  const { recent, kept, options } = state
  const added: StoreChange[] = []
  for (const change of changes) {
    if (change.revision !== state.revision + 1) continue
    state.revision++
    added.push(change)
  }
  if (added.length === 0) return
  recent.add(added)
  kept.add(added)
  recent.forget(kept.surplus() ?? 0)
  options.publish(added)
}
