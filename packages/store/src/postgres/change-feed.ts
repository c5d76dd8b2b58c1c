import type { Clock } from '@kube-authn/core'
import type { StoreChange } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import type { ChangePage } from './reader.ts'
import { recentChanges } from './recent-changes.ts'
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
  /** Whether {@link next} knows every change after a revision. */
  reaches(since: number): boolean
  /** The next change of a prefix after a revision that it reaches; `undefined` if there is none yet. */
  next(since: number, prefix: string): StoreChange | undefined
  stop(): void
}

/** Options of {@link changeFeed}. */
export interface ChangeFeedOptions {
  readonly clock: Clock
  /** How often the database is asked although nothing was heard. */
  readonly pollMs: number
  readonly revision: number
  /** The changes of the store after a revision. */
  readonly read: (since: number) => Promise<ChangePage>
  /** A page was read. */
  readonly onPage: (page: ChangePage) => void
  readonly publish: (changes: readonly StoreChange[]) => void
  /** Watchers cannot go on. The store is at `revision`. */
  readonly fail: (error: StoreError, revision: number) => void
  /** The database is reached again. */
  readonly onReached: () => void
}

export function changeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { clock, pollMs } = options
  const recent = recentChanges(options.revision)
  const pauses = retryPauses()
  let isFollowing = false
  let isFailing = false
  let isStopped = false
  let cancel: (() => void) | undefined
  let running: Promise<void> = Promise.resolve()
  /** Begins when `running` has ended. */
  let next: Promise<void> | undefined

  const publish = (changes: readonly StoreChange[]): void => {
    const added = recent.add(changes)
    if (added.length > 0) options.publish(added)
  }

  /** Watchers that miss changes which were forgotten, or which another database had, begin anew. */
  const leap = (code: 'revisionCompacted' | 'revisionUnknown', to: number): void => {
    recent.reset(to)
    options.fail(new StoreError(code, 'changes were missed: list again'), to)
  }

  const catchUp = async (): Promise<void> => {
    for (;;) {
      const since = recent.revision()
      const page = await options.read(since)
      options.onPage(page)
      if (page.revision < since) leap('revisionUnknown', page.revision)
      else if (page.compactedRevision > since) leap('revisionCompacted', page.revision)
      else publish(page.changes)
      if (!page.isPart || isStopped) return
    }
  }

  /** Reads once more, after what is being read: many callers share it. */
  const pull = (): Promise<void> => {
    next ??= running.then(begin, begin)
    return next
  }
  function begin(): Promise<void> {
    next = undefined
    running = catchUp()
    return running
  }

  const plan = (delayMs: number): void => {
    cancel?.()
    if (!isStopped) cancel = clock.after(delayMs, wake)
  }

  function wake(): void {
    if (!isFollowing || isStopped) return
    pull().then(
      () => {
        pauses.succeeded()
        plan(pollMs)
        if (!isFailing) return
        isFailing = false
        options.onReached()
      },
      () => {
        isFailing = true
        plan(pauses.next())
      },
    )
  }

  return {
    revision: recent.revision,
    isCurrent: () => !isFailing,
    offer: publish,
    follow() {
      if (isFollowing) return
      isFollowing = true
      wake()
    },
    wake,
    async reach(revision) {
      await pull()
      if (recent.revision() < revision) {
        throw new StoreError(
          'revisionUnknown',
          `revision ${revision} is unknown: the last one is ${recent.revision()}`,
        )
      }
    },
    reaches: (since) => recent.reaches(since),
    next: (since, prefix) => recent.next(since, prefix),
    stop() {
      isStopped = true
      cancel?.()
    },
  }
}
