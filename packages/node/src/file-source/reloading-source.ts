import { type Clock, ConfigurationError, notify, type Observer, systemClock } from '@kube-authn/core'
import { finish, type Steps } from '@kube-authn/core/steps'
import { inSlices } from './in-slices.ts'
import { watchDirectories } from './watch-directories.ts'

/** When something is read again. */
export interface ReloadOptions {
  /** Read it again when it changes. Default `true`. */
  readonly reload?: boolean
  /** How long a new content must stay as it is before it counts, so that nobody reads a half-written file. Default 0.1. */
  readonly settleSeconds?: number
  /** How often it is looked at without any sign of a change, for file systems that give none. Default 60. */
  readonly pollSeconds?: number
  /** Told when a new version counts, or is refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The key of a method, registered, since a source may come from another copy of this package. */
export const RESTRICT: unique symbol = Symbol.for('@kube-authn/node/restrict@1')

/** Something that is read again when it changes. */
export interface FileSource<T> {
  /** The meaning of the last good version. */
  readonly current: () => T
  /** Stops reading. What was read last stays. */
  readonly close: () => void
  /**
   * Has every later version checked by a function as well, which throws to refuse it. Returns a function that ends this. For the
   * packages of kube-authn.
   */
  readonly [RESTRICT]?: (check: (value: T) => void) => () => void
}

/** What is read, and where it is. */
export interface Reading<C> {
  /** What it is called in events, usually a path. */
  readonly name: string
  /** The parameter that says what is read. */
  readonly parameter: 'path' | 'paths'
  /**
   * What is another whenever the content is, as far as file systems tell without reading.
   *
   * @throws {Error} when it cannot be told.
   */
  readonly stamp: () => string
  /** @throws {Error} when it cannot be read. */
  readonly read: () => Steps<Version<C>>
  readonly isEmpty: (content: C) => boolean
  /** Where something happens when it changes. */
  readonly directories: () => ReadonlySet<string>
}

/** A content, and a digest that no other content has. */
export interface Version<C> {
  readonly content: C
  readonly digest: string
}

/** Two writes may come so near to each other that no file system's times tell them apart. FAT's are the coarsest. */
const TIMES_RESOLUTION_MS = 2000

/**
 * Reads something now, and again whenever it changes. What is bad changes nothing: see `fileSource`.
 *
 * Later versions are read and parsed in slices, one at a time, in the order they came: when one has come meanwhile, it is next.
 *
 * @param options `isVerdictFinal`: a refused content need not be parsed again before it changes.
 * @throws {Error} what reading or parsing throws, for the first version.
 */
export function reloadingSource<C, T>(
  reading: Reading<C>,
  parse: (content: C) => Steps<T>,
  options: ReloadOptions & { readonly isVerdictFinal: boolean },
): FileSource<T> {
  const { observer, clock = systemClock } = options
  const settleMs = (options.settleSeconds ?? 0.1) * 1000
  const pollMs = (options.pollSeconds ?? 60) * 1000

  const first = firstRead(reading)
  let accepted = first.digest
  let current = finish(parse(first.content))
  const restrictions = new Set<(value: T) => void>()
  const restrict = (check: (value: T) => void): (() => void) => {
    restrictions.add(check)
    return () => restrictions.delete(check)
  }
  if (options.reload === false) return { current: () => current, close: () => {}, [RESTRICT]: restrict }

  /** The stamp that was seen last, since when, and whether no later write can have it. */
  let seen: Seen = { stamp: first.stamp, sinceMs: clock.now(), isRead: false }
  /** What was refused last, so that it is reported once: a digest, or why it could not be read. */
  let refused: string | undefined
  let cancelNext = (): void => {}
  let cancelWork = (): void => {}
  let isClosed = false
  let isWaiting = true

  const schedule = (milliseconds: number, step: () => void): void => {
    cancelNext()
    if (!isClosed) cancelNext = clock.after(milliseconds, step)
  }

  const wait = (): void => {
    isWaiting = true
    schedule(pollMs, look)
  }

  /** A sign of change only ever brings the next look forward: a busy directory must not put it off for ever. */
  const hurry = (): void => {
    if (!isWaiting) return
    isWaiting = false
    schedule(settleMs, look)
  }

  const refuse = (version: string, error: unknown): void => {
    if (refused !== version) {
      notify(observer, {
        type: 'reload',
        source: reading.name,
        outcome: 'failed',
        error: error instanceof Error ? error : new Error(String(error)),
      })
    }
    refused = version
  }

  /** `undefined`, and reported, when there is nothing to be seen. */
  const stampNow = (): string | undefined => {
    try {
      const stamp = reading.stamp()
      if (stamp !== seen.stamp) seen = { stamp, sinceMs: clock.now(), isRead: false }
      return stamp
    } catch (error) {
      refuse(String(error), error)
      return undefined
    }
  }

  /** Looks whether it has changed, and waits for a while before believing it. */
  const look = (): void => {
    watch.refresh()
    const stamp = stampNow()
    if (stamp === undefined || seen.isRead) {
      wait()
    } else {
      isWaiting = false
      schedule(settleMs, () => settle(stamp))
    }
  }

  const settle = (candidate: string): void => {
    const stamp = stampNow()
    if (stamp === undefined) wait()
    else if (stamp !== candidate) schedule(settleMs, () => settle(stamp))
    else cancelWork = inSlices(take(stamp), clock, () => goOn(stamp))
  }

  /** What came meanwhile is next. */
  const goOn = (stamp: string): void => {
    const now = stampNow()
    if (now === undefined || now === stamp) wait()
    else schedule(settleMs, () => settle(now))
  }

  function* take(stamp: string): Steps<void> {
    let version: Version<C>
    try {
      version = yield* reading.read()
    } catch (error) {
      refuse(String(error), error)
      return
    }
    const { content, digest } = version
    // Written while it was read: part of it may be of another version.
    if (stampNow() !== stamp) return
    if (digest === accepted) refused = undefined
    else yield* replace(content, digest)
    const isCertain = clock.now() - seen.sinceMs >= TIMES_RESOLUTION_MS
    if (seen.stamp === stamp) seen.isRead = isCertain && (options.isVerdictFinal || refused === undefined)
  }

  function* replace(content: C, digest: string): Steps<void> {
    try {
      if (reading.isEmpty(content)) throw new Error(`${reading.name}: it is empty`)
      const next = yield* parse(content)
      for (const restriction of restrictions) restriction(next)
      current = next
    } catch (error) {
      refuse(digest, error)
      return
    }
    accepted = digest
    refused = undefined
    notify(observer, { type: 'reload', source: reading.name, outcome: 'loaded' })
  }

  const watch = watchDirectories(reading.directories, hurry)
  wait()

  return {
    current: () => current,
    close: () => {
      isClosed = true
      cancelNext()
      cancelWork()
      watch.close()
    },
    [RESTRICT]: restrict,
  }
}

interface Seen {
  readonly stamp: string
  readonly sinceMs: number
  isRead: boolean
}

/** @throws {ConfigurationError} when it cannot be read. */
function firstRead<C>({ read, stamp, parameter }: Reading<C>): Version<C> & { readonly stamp: string } {
  try {
    // In this order: what is written in between is another version.
    return { stamp: stamp(), ...finish(read()) }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigurationError([{ path: parameter, message }], { cause })
  }
}
