import { type Clock, ConfigurationError, notify, type Observer, systemClock } from '@kube-authn/core'
import { watchDirectories } from './watch-directories.ts'

/** When something is read again. */
export interface ReloadOptions {
  /** Read it again when it changes. Default `true`. */
  readonly reload?: boolean
  /** How long a new content must stay as it is before it counts, so that nobody reads a half-written file. Default 0.1. */
  readonly settleSeconds?: number
  /** How often it is read without any sign of a change, for file systems that give none. Default 60. */
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
  /** @throws {Error} when it cannot be read. */
  readonly read: () => C
  readonly isSame: (one: C, other: C) => boolean
  readonly isEmpty: (content: C) => boolean
  /** Where something happens when it changes. */
  readonly directories: () => ReadonlySet<string>
}

/**
 * Reads something now, and again whenever it changes. What is bad changes nothing: see `fileSource`.
 *
 * @throws {Error} what reading or parsing throws, for the first version.
 */
export function reloadingSource<C, T>(
  reading: Reading<C>,
  parse: (content: C) => T,
  options: ReloadOptions,
): FileSource<T> {
  const { observer, clock = systemClock } = options
  const settleMs = (options.settleSeconds ?? 0.1) * 1000
  const pollMs = (options.pollSeconds ?? 60) * 1000

  let accepted = firstRead(reading)
  let current = parse(accepted)
  const restrictions = new Set<(value: T) => void>()
  const restrict = (check: (value: T) => void): (() => void) => {
    restrictions.add(check)
    return () => restrictions.delete(check)
  }
  if (options.reload === false) return { current: () => current, close: () => {}, [RESTRICT]: restrict }

  /** What was refused last, so that it is refused, and reported, once. */
  let refused: { readonly content: C } | { readonly text: string } | undefined
  let cancelNext = (): void => {}
  let isClosed = false
  let isWaiting = true

  const schedule = (milliseconds: number, step: () => void): void => {
    cancelNext()
    if (!isClosed) cancelNext = clock.after(milliseconds, step)
  }

  const wait = (): void => {
    isWaiting = true
    schedule(pollMs, check)
  }

  /** A sign of change only ever brings the next look forward: a busy directory must not put it off for ever. */
  const hurry = (): void => {
    if (!isWaiting) return
    isWaiting = false
    schedule(settleMs, check)
  }

  const report = (error: unknown): void => {
    notify(observer, {
      type: 'reload',
      source: reading.name,
      outcome: 'failed',
      error: error instanceof Error ? error : new Error(String(error)),
    })
  }

  const refuse = (content: C, error: unknown): void => {
    const isKnown = refused !== undefined && 'content' in refused && reading.isSame(refused.content, content)
    refused = { content }
    if (!isKnown) report(error)
  }

  const read = (): { readonly content: C } | undefined => {
    try {
      return { content: reading.read() }
    } catch (error) {
      const text = String(error)
      const isKnown = refused !== undefined && 'text' in refused && refused.text === text
      refused = { text }
      if (!isKnown) report(error)
      return undefined
    }
  }

  /** Looks at it; if it is another, looks once more after a while before believing it. */
  const check = (): void => {
    watch.refresh()
    const found = read()
    if (found === undefined) {
      wait()
    } else if (reading.isSame(found.content, accepted)) {
      refused = undefined
      wait()
    } else {
      isWaiting = false
      schedule(settleMs, () => accept(found.content))
    }
  }

  const accept = (candidate: C): void => {
    const found = read()
    if (found === undefined) {
      wait()
    } else if (!reading.isSame(found.content, candidate)) {
      schedule(settleMs, () => accept(found.content))
    } else {
      take(found.content)
      wait()
    }
  }

  const take = (content: C): void => {
    try {
      if (reading.isEmpty(content)) throw new Error(`${reading.name}: it is empty`)
      const next = parse(content)
      for (const restriction of restrictions) restriction(next)
      current = next
    } catch (error) {
      refuse(content, error)
      return
    }
    accepted = content
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
      watch.close()
    },
    [RESTRICT]: restrict,
  }
}

/** @throws {ConfigurationError} when it cannot be read. */
function firstRead<C>({ read, parameter }: Reading<C>): C {
  try {
    return read()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigurationError([{ path: parameter, message }], { cause })
  }
}
