import { type History, history, type HistoryLimit } from '../local/history.ts'
import { type RecentChanges, recentChanges } from '../local/recent-changes.ts'
import type { StoreChange } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import type { PostgresStoreOptions } from './database.ts'
import type { ChangePage } from './reader.ts'
import { retryPauses } from './retry-pauses.ts'

/** The changes that watchers of this process want, once for all of them. */
export interface ChangeFeed {
  /** Up to which revision changes were published. */
  readonly revision: () => number
  /** Whether the database was reached when it was last asked for changes. */
  readonly isCurrent: () => boolean
  /** Changes of this process, which need not be read if nothing came before them. */
  offer(changes: readonly StoreChange[]): void
  /** The changes of a prefix are wanted from now on, until `unfollow` was called as often. */
  follow(prefix: string): void
  unfollow(prefix: string): void
  /** Asks now, as there may be changes. */
  wake(): void
  /** Whether changes of keys that begin so may be wanted. */
  concerns: (head: string) => boolean
  /** Resolves when changes were published up to a revision. @throws {StoreError} `revisionUnknown` if the store is not so far. */
  reach(revision: number): Promise<void>
  /** Whether {@link next} knows every change of a followed prefix after a revision, which is not yet to come. */
  reaches(since: number, prefix: string): boolean
  /** The next change of a prefix after a revision that it reaches; `undefined` if there is none yet. */
  next(since: number, prefix: string): StoreChange | undefined
  stop(): void
}

export interface ChangeFeedOptions extends Pick<PostgresStoreOptions, 'clock' | 'pollMs'> {
  readonly revision: number
  /** The changes of these prefixes after a revision. */
  readonly read: (prefixes: readonly string[], since: number) => Promise<ChangePage>
  /** A page was read. */
  readonly onPage: (page: ChangePage) => void
  readonly publish: (changes: readonly StoreChange[]) => void
  /** Watchers cannot go on. The store is at `revision`. */
  readonly fail: (error: StoreError, revision: number) => void
}

/** `recent` has all changes with the prefix after `since`, unless it has forgotten them. */
interface Cover {
  readonly prefix: string
  readonly since: number
}

interface FeedState {
  readonly options: ChangeFeedOptions
  /** The last changes: a watch that resumes near the end needs no read of the database. */
  recent: RecentChanges
  /** How many of them there are. */
  kept: History
  /** Everything up to it was published that is wanted. */
  revision: number
  /** How many watchers want each prefix. */
  readonly followed: Map<string, number>
  /** What is asked for: every prefix that is followed begins with one of them. */
  covers: readonly Cover[]
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
    followed: new Map(),
    covers: [],
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
    offer: (changes) => publishOwn(state, changes),
    follow(prefix) {
      follow(state, prefix)
      if (state.isFollowing) return
      state.isFollowing = true
      wake(state)
    },
    unfollow: (prefix) => unfollow(state, prefix),
    wake: () => wake(state),
    concerns: (head) => state.covers.some(({ prefix }) => prefix.startsWith(head) || head.startsWith(prefix)),
    async reach(revision) {
      await pull(state)
      if (state.revision >= revision) return
      const message = `revision ${revision} is unknown: the last one is ${state.revision}`
      throw new StoreError('revisionUnknown', message)
    },
    reaches: (since, prefix) =>
      since >= Math.max(state.recent.since(), coverOf(state.covers, prefix)?.since ?? Infinity),
    next: (since, prefix) => state.recent.after(since, prefix),
    stop() {
      state.isStopped = true
      state.cancel?.()
    },
  }
}

/** More prefixes than these are followed as one, with which all of them begin. */
const MOST_PREFIXES = 32

function follow(state: FeedState, prefix: string): void {
  const { followed, covers, revision } = state
  followed.set(prefix, (followed.get(prefix) ?? 0) + 1)
  if (coverOf(covers, prefix) !== undefined) return
  const added = [...covers.filter((each) => !each.prefix.startsWith(prefix)), { prefix, since: revision }]
  state.covers =
    added.length > MOST_PREFIXES
      ? [{ prefix: added.map((each) => each.prefix).reduce(commonPrefix), since: revision }]
      : added
}

function unfollow(state: FeedState, prefix: string): void {
  const { followed, covers } = state
  const left = (followed.get(prefix) ?? 0) - 1
  if (left > 0) followed.set(prefix, left)
  else followed.delete(prefix)
  if (left > 0 || followed.size > MOST_PREFIXES) return
  const prefixes = [...followed.keys()]
  state.covers = prefixes
    .filter((each) => !prefixes.some((other) => other !== each && each.startsWith(other)))
    .map((each) => ({ prefix: each, since: coverOf(covers, each)?.since ?? Infinity }))
}

function coverOf(covers: readonly Cover[], prefix: string): Cover | undefined {
  return covers.find((each) => prefix.startsWith(each.prefix))
}

function commonPrefix(one: string, other: string): string {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return one.slice(0, length)
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
    const { revision: since, covers: asked } = state
    const prefixes = asked.map(({ prefix }) => prefix)
    const page = await options.read(prefixes, since)
    options.onPage(page)
    // A prefix that has been followed only since then is asked for again with the others.
    const isWhole = state.covers.every(({ prefix }) => coverOf(asked, prefix) !== undefined)
    if (page.revision < since) leap(state, 'revisionUnknown', page.revision)
    else if (page.compactedRevision > since) leap(state, 'revisionCompacted', page.revision)
    else if (isWhole) {
      publish(state, page.changes, page.isPart ? (page.changes.at(-1)?.revision ?? since) : page.revision)
    }
    if (state.isStopped || (isWhole && !page.isPart)) return
  }
}

/** Watchers that miss changes which were forgotten, or which another database had, begin anew. */
function leap(state: FeedState, code: 'revisionCompacted' | 'revisionUnknown', to: number): void {
  state.recent = recentChanges(to)
  state.kept = historyFrom(to)
  state.revision = to
  state.options.fail(new StoreError(code, 'changes were missed: list again'), to)
}

/** Changes of this process, of all prefixes. What is known already is left out; so is everything if there is a gap before it. */
function publishOwn(state: FeedState, changes: readonly StoreChange[]): void {
  let upTo = state.revision
  for (const { revision } of changes) if (revision === upTo + 1) upTo = revision
  publish(state, changes, upTo)
}

/** @param changes all that are wanted up to a revision. Those that are known already are left out. */
function publish(state: FeedState, changes: readonly StoreChange[], upTo: number): void {
  const { recent, kept, options, revision: since } = state
  const added = changes.filter(({ revision }) => revision > since && revision <= upTo)
  state.revision = Math.max(since, upTo)
  if (added.length === 0) return
  recent.add(added)
  kept.add(added)
  recent.forget(kept.surplus() ?? 0)
  options.publish(added)
}
