import type { Past } from '../local/watcher.ts'
import type { StoreChange } from '../object-store.ts'
import type { ChangeFeed } from './change-feed.ts'
import type { Reader } from './reader.ts'
import type { StoreState } from './rows.ts'

/** What {@link pastChanges} needs. */
export interface PastSource {
  readonly feed: ChangeFeed
  readonly reader: Reader
  /** @throws {StoreError} `closed` */
  readonly requireOpen: () => void
  /** @throws {StoreError} `revisionUnknown`, `revisionCompacted`. Absent: by what is known without asking. */
  readonly requireRemembered: (since: number, state?: StoreState) => void
}

/** Reads changes for one watcher that comes from before: from memory if they are there, otherwise in pages from the database. */
export function pastChanges(
  { feed, reader, requireOpen, requireRemembered }: PastSource,
  prefix: string,
): Past {
  let page: readonly StoreChange[] = []
  let index = 0
  let readUpTo = 0

  const fetch = async (since: number): Promise<void> => {
    const read = await reader.changes(prefix, since)
    requireRemembered(since, read)
    page = read.changes
    index = 0
    readUpTo = read.isPart ? (page.at(-1)?.revision ?? since) : read.revision
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
    requireRemembered(from)
    return feed.reaches(from) ? feed.next(from, prefix) : fetch(from)
  }
}
