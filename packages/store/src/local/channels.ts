import type { StoreChange } from '../object-store.ts'
import type { StoreError } from '../store-error.ts'

/**
 * A place in the changes of a prefix. The last place is empty until a change comes: then it gets the change, and a next place. Watchers share places, and each keeps only
 * its own, so that a change is in memory once, and no longer than until the last of them has read it.
 */
export interface Place {
  /** How many changes came before it. */
  readonly count: number
  change?: StoreChange
  next?: Place
}

/** The part of a watch that the store sees. */
export interface Watcher {
  readonly prefix: string
  /** Changes have come. */
  wake(): void
  /** Changes up to a revision were forgotten. */
  forget(revision: number): void
  /** Ends the watch with an error. What waits to be read is dropped. */
  fail(error: StoreError): void
}

/** The changes of one prefix that came while they were watched. */
export interface Channel {
  readonly last: Place
}

/** Hands out new changes to watchers, by prefix. */
export interface Channels {
  join(watcher: Watcher): Channel
  leave(watcher: Watcher): void
  /** The cost depends on the number of different lengths of prefixes, and on the number of watchers who want the changes. */
  publish(changes: readonly StoreChange[]): void
  watchers(): Iterable<Watcher>
}

interface Members {
  readonly watchers: Set<Watcher>
  last: Place
}

export function channels(): Channels {
  const byPrefix = new Map<string, Members>()
  /** How many prefixes have a length. */
  const lengths = new Map<number, number>()

  const channelOf = (prefix: string): Members => {
    const known = byPrefix.get(prefix)
    if (known !== undefined) return known
    const added: Members = { watchers: new Set(), last: { count: 0 } }
    byPrefix.set(prefix, added)
    lengths.set(prefix.length, (lengths.get(prefix.length) ?? 0) + 1)
    return added
  }

  const remove = (prefix: string): void => {
    byPrefix.delete(prefix)
    const others = (lengths.get(prefix.length) ?? 1) - 1
    if (others === 0) lengths.delete(prefix.length)
    else lengths.set(prefix.length, others)
  }

  /** The channels of the prefixes of a key. */
  function* wanting(key: string): Iterable<Members> {
    for (const length of lengths.keys()) {
      const channel = length <= key.length ? byPrefix.get(key.slice(0, length)) : undefined
      if (channel !== undefined) yield channel
    }
  }

  return {
    join(watcher) {
      const channel = channelOf(watcher.prefix)
      channel.watchers.add(watcher)
      return channel
    },
    leave(watcher) {
      const { prefix } = watcher
      const channel = byPrefix.get(prefix)
      if (channel?.watchers.delete(watcher) === true && channel.watchers.size === 0) remove(prefix)
    },
    publish(changes) {
      const changed = new Set<Members>()
      for (const change of changes) {
        for (const channel of wanting(change.key)) {
          const { last } = channel
          channel.last = { count: last.count + 1 }
          last.change = change
          last.next = channel.last
          changed.add(channel)
        }
      }
      for (const { watchers } of changed) for (const watcher of watchers) watcher.wake()
    },
    *watchers() {
      for (const { watchers } of byPrefix.values()) yield* watchers
    },
  }
}
