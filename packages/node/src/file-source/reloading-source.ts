import { type Clock, ConfigurationError, type Observer } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import { errorOf, finish, messageOf, type Steps, systemClock } from '@kube-authn/core/internal'
import { inSlices } from './in-slices.ts'
import { watchDirectories } from './watch-directories.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** When a source is reloaded. */
export interface ReloadOptions {
  /** Reload it when it changes. Default `true`. */
  readonly reload?: boolean
  /** How long new content must stay unchanged before it takes effect, so that a half-written file is not used. Default 0.1. */
  readonly settleSeconds?: number
  /** How often to check for changes on file systems that do not notify. Default 60. */
  readonly pollSeconds?: number
  /** Receives an event when a new version takes effect or is refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The key of a method; registered, as a source may come from another copy of this package. */
export const RESTRICT: unique symbol = Symbol.for('@kube-authn/node/restrict@1')

/** A value that is reloaded when its files change. After `close` the last value stays. */
export interface FileSource<T> extends Closeable {
  /** The value of the last good version. */
  readonly current: () => T
  /**
   * Adds a check of later versions that throws to refuse one. Returns a function that removes the check. For the packages of kube-authn.
   */
  readonly [RESTRICT]?: (check: (value: T) => void) => () => void
}

export interface Reading<C> {
  /** Its name in events, usually a path. */
  readonly name: string
  /** The parameter that names the files. */
  readonly parameter: 'path' | 'paths'
  /** Changes whenever the content changes, as far as file systems can tell without reading. @throws {Error} if it cannot be determined. */
  readonly stamp: () => string
  /** @throws {Error} if it cannot be read. */
  readonly read: () => Steps<Version<C>>
  readonly isEmpty: (content: C) => boolean
  readonly directories: () => ReadonlySet<string>
}

/** Content and its digest. */
export interface Version<C> {
  readonly content: C
  readonly digest: string
}

/** Two writes closer than this may leave the same times. FAT has the coarsest resolution. */
const TIMES_RESOLUTION_MS = 2000

/**
 * Reads a source now, and again whenever it changes. A bad version changes nothing: see `fileSource`.
 *
 * Later versions are read and parsed in slices, one at a time, in order.
 *
 * @param options `isVerdictFinal`: refused content is not parsed again before it changes.
 * @throws {Error} any error of reading or parsing the first version.
 */
export function reloadingSource<C, T>(
  reading: Reading<C>,
  parse: (content: C) => Steps<T>,
  options: ReloadOptions & { readonly isVerdictFinal: boolean },
): FileSource<T> {
  const { clock = systemClock } = options
  const settleMs = (options.settleSeconds ?? 0.1) * 1000
  const pollMs = (options.pollSeconds ?? 60) * 1000
  const versions = readVersions(reading, parse, options)
  const { current, restrict, stampNow } = versions
  const source = { current, [RESTRICT]: restrict }
  if (options.reload === false) return closeable(source, () => {})

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

  /** A notification only moves the next check forward: a busy directory must not postpone it forever. */
  const hurry = (): void => {
    if (!isWaiting) return
    isWaiting = false
    schedule(settleMs, look)
  }

  /** Checks for a change, and lets it settle before reading. */
  const look = (): void => {
    watch.refresh()
    const stamp = stampNow()
    if (stamp === undefined || versions.isRead()) {
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
    else cancelWork = inSlices(versions.take(stamp), clock, () => goOn(stamp))
  }

  /** Continues with a version that arrived meanwhile. */
  const goOn = (stamp: string): void => {
    const now = stampNow()
    if (now === undefined || now === stamp) wait()
    else schedule(settleMs, () => settle(now))
  }

  const watch = watchDirectories(reading.directories, hurry)
  wait()

  return closeable(source, () => {
    isClosed = true
    cancelNext()
    cancelWork()
    watch.close()
  })
}

/** Reports that a version is not used. @param message if what was thrown is not an error. */
export function reportFailed(
  observer: Observer | undefined,
  source: string,
  thrown: unknown,
  message: string,
): void {
  notify(observer, { type: 'reload', source, outcome: 'failed', error: errorOf(thrown, message) })
}

/** The versions of a source, of which the last good one is in force. */
interface Versions<T> {
  readonly current: () => T
  /** Adds a check of later versions. Returns a function that removes it. */
  readonly restrict: (check: (value: T) => void) => () => void
  /** The stamp of the version that is there now; `undefined`, and reported, if there is none. */
  readonly stampNow: () => string | undefined
  /** Whether the version with the last stamp was read, and no later write can have the same stamp. */
  readonly isRead: () => boolean
  /** Reads the version with this stamp, and puts it in force if it is good. */
  readonly take: (stamp: string) => Steps<void>
}

/** Reads the first version. @throws {Error} any error of reading or parsing it. */
function readVersions<C, T>(
  reading: Reading<C>,
  parse: (content: C) => Steps<T>,
  { observer, clock = systemClock, isVerdictFinal }: ReloadOptions & { readonly isVerdictFinal: boolean },
): Versions<T> {
  const first = firstRead(reading)
  let accepted = first.digest
  let current = finish(parse(first.content))
  const restrictions = new Set<(value: T) => void>()
  let seen: Seen = { stamp: first.stamp, sinceMs: clock.now(), isRead: false }
  /** The digest that was refused last, or the last read error: each is reported once. */
  let refused: string | undefined

  const refuse = (version: string, thrown: unknown): void => {
    const isNew = refused !== version
    refused = version
    if (isNew) reportFailed(observer, reading.name, thrown, 'the new version cannot be used')
  }

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

  function* take(stamp: string): Steps<void> {
    let version: Version<C>
    try {
      version = yield* reading.read()
    } catch (error) {
      refuse(String(error), error)
      return
    }
    const { content, digest } = version
    // Written while it was read: it may mix two versions.
    if (stampNow() !== stamp) return
    if (digest === accepted) refused = undefined
    else yield* replace(content, digest)
    const isCertain = clock.now() - seen.sinceMs >= TIMES_RESOLUTION_MS
    if (seen.stamp === stamp) seen.isRead = isCertain && (isVerdictFinal || refused === undefined)
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

  const restrict = (check: (value: T) => void): (() => void) => {
    restrictions.add(check)
    return () => restrictions.delete(check)
  }
  return { current: () => current, restrict, stampNow, isRead: () => seen.isRead, take }
}

/** The last stamp, when it was first seen, and whether no later write can have the same one. */
interface Seen {
  readonly stamp: string
  readonly sinceMs: number
  isRead: boolean
}

/** @throws {ConfigurationError} if it cannot be read. */
function firstRead<C>({ read, stamp, parameter }: Reading<C>): Version<C> & { readonly stamp: string } {
  try {
    // In this order, so that a write in between counts as another version.
    return { stamp: stamp(), ...finish(read()) }
  } catch (cause) {
    const message = messageOf(cause, 'cannot be read')
    throw new ConfigurationError([{ path: parameter, message }], { cause })
  }
}
