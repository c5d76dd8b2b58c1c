import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { lineWriter } from './line-writer.ts'

/** A file to which lines are appended. */
export interface FollowedFile {
  /** Appends a line, to the file that is at the path by now. */
  append(line: string): void
  close(): void
}

interface OpenFile {
  readonly descriptor: number
  readonly isAt: (path: string) => boolean
  readonly writeLine: (line: string) => void
}

/**
 * Appends lines to the file at a path. When that file was renamed or removed, as log rotation does it, a new one is opened at the path
 * before the next line. While that fails, lines go on to the file before.
 *
 * @param onError told when a line cannot be written, and when a file cannot be opened at the path again.
 * @throws {Error} when the file cannot be opened at first: the error of `node:fs`.
 */
export function followedFile(path: string, onError: (error: unknown) => void): FollowedFile {
  let file = openFile(path, onError)
  const follow = (): void => {
    if (file.isAt(path)) return
    const next = openFile(path, onError)
    closeSync(file.descriptor)
    file = next
  }
  return {
    append(line) {
      try {
        follow()
      } catch (error) {
        onError(error)
      }
      file.writeLine(line)
    },
    close: () => closeSync(file.descriptor),
  }
}

function openFile(path: string, onError: (error: unknown) => void): OpenFile {
  const descriptor = openSync(path, 'a', 0o600)
  const own = fstatSync(descriptor)
  return {
    descriptor,
    isAt(place) {
      const found = statSync(place, { throwIfNoEntry: false })
      return found?.ino === own.ino && found.dev === own.dev
    },
    writeLine: lineWriter((bytes, offset) => writeSync(descriptor, bytes, offset), onError),
  }
}
