import { type Clock, notify, type Observer, systemClock } from '@kube-authn/core'
import { type FileContent, readRegularFile } from './read-file.ts'
import { watchDirectories } from './watch-directories.ts'

/** Options of {@link fileSource}. */
export interface FileSourceOptions<T> {
  /** What the content means. What it throws refuses the content. */
  readonly parse: (content: FileContent) => T
  /** Read the file again when it changes. Default `true`. */
  readonly reload?: boolean
  /** How long a new content must stay as it is before it counts, so that nobody reads a half-written file. Default 0.1. */
  readonly settleSeconds?: number
  /** How often the file is read without any sign of a change, for file systems that give none. Default 60. */
  readonly pollSeconds?: number
  /** A larger file is refused. Default 64 MiB. */
  readonly maxBytes?: number
  /** Told when a new version counts, or is refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** A file that is read again when it changes. */
export interface FileSource<T> {
  /** The meaning of the last good version. */
  readonly current: () => T
  /** Stops reading. What was read last stays. */
  readonly close: () => void
}

/**
 * Reads a file now, and again whenever it changes: written in place, replaced by rename, or by a swap of symbolic links as
 * Kubernetes does with mounted secrets.
 *
 * A new version that cannot be read, is empty or is refused changes nothing: the last good one stays in force, and the
 * observer hears of it, once for each bad version.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/dynamic_cafile_content.go` has the same rules for CA files.
 *
 * Deviation: kube-apiserver reads token and password files once (`docs/deviations.md`, reload of credential files).
 *
 * @throws {Error} what reading or parsing throws, for the first version.
 * @example
 * const source = fileSource('tokens.csv', { parse: (content) => tokenFile(content) })
 */
export function fileSource<T>(path: string, options: FileSourceOptions<T>): FileSource<T> {
  const { parse, observer, clock = systemClock, maxBytes = 64 * 1024 * 1024 } = options
  const settleMs = (options.settleSeconds ?? 0.1) * 1000
  const pollMs = (options.pollSeconds ?? 60) * 1000

  let accepted = readRegularFile(path, maxBytes)
  let current = parse(accepted)
  if (options.reload === false) return { current: () => current, close: () => {} }

  /** What was refused last, so that it is refused, and reported, once. */
  let refused: FileContent | string | undefined
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

  const refuse = (what: FileContent | string, error: unknown): void => {
    const isKnown =
      typeof what === 'string' ? refused === what : refused instanceof Uint8Array && isEqual(refused, what)
    refused = what
    if (isKnown) return
    notify(observer, {
      type: 'reload',
      source: path,
      outcome: 'failed',
      error: error instanceof Error ? error : new Error(String(error)),
    })
  }

  const read = (): FileContent | undefined => {
    try {
      return readRegularFile(path, maxBytes)
    } catch (error) {
      refuse(String(error), error)
      return undefined
    }
  }

  /** Looks at the file; if it is another, looks once more after a while before believing it. */
  const check = (): void => {
    watch.refresh()
    const content = read()
    if (content === undefined || isEqual(content, accepted)) {
      if (content !== undefined) refused = undefined
      wait()
      return
    }
    isWaiting = false
    schedule(settleMs, () => accept(content))
  }

  const accept = (candidate: FileContent): void => {
    const content = read()
    if (content === undefined) {
      wait()
    } else if (!isEqual(content, candidate)) {
      schedule(settleMs, () => accept(content))
    } else {
      take(content)
      wait()
    }
  }

  const take = (content: FileContent): void => {
    try {
      if (content.length === 0) throw new Error(`${path}: the file is empty`)
      current = parse(content)
    } catch (error) {
      refuse(content, error)
      return
    }
    accepted = content
    refused = undefined
    notify(observer, { type: 'reload', source: path, outcome: 'loaded' })
  }

  const watch = watchDirectories(path, hurry)
  wait()

  return {
    current: () => current,
    close: () => {
      isClosed = true
      cancelNext()
      watch.close()
    },
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
