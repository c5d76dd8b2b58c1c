import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { lineWriter } from './line-writer.ts'

/** A file to which lines are appended. */
export interface FollowedFile {
  /** Appends a line, to the file that is at the path by now. */
  append(line: string): void
  /** The descriptor of the file that is at the path by now, for so many more bytes. */
  descriptorFor(bytes: number): number
  close(): void
}

/** Told of what went wrong, and how many lines were lost with it, or perhaps not wholly written. */
export type OnFileError = (error: unknown, lostLines: number) => void

/** When the file is moved out of the way, and how. */
export interface FileRotation {
  readonly maxBytes: number
  /** Moves the file at the path. */
  readonly rotate: () => void
}

interface OpenFile {
  readonly descriptor: number
  readonly size: number
  readonly isRegular: boolean
  /** How large the file at the path is; `undefined` where that is another one, or none. */
  readonly sizeAt: (path: string) => number | undefined
  readonly writeLine: (line: string) => void
}

/**
 * Appends lines to the file at a path. When that file was renamed or removed, as log rotation does it, a new one is opened at the path
 * before the next line. While that fails, lines go on to the file before.
 *
 * @param onError told when a line cannot be written, and when a file cannot be opened at the path again.
 * @param rotation what is done before a line that would make the file too large. One that has no size, as a pipe, is never too large.
 * @throws {Error} when the file cannot be opened at first: the error of `node:fs`.
 */
export function followedFile(path: string, onError: OnFileError, rotation?: FileRotation): FollowedFile {
  let file = openFile(path, onError)
  /** The size of the file at the path, which is open then. */
  const follow = (): number => {
    const size = file.sizeAt(path)
    if (size !== undefined) return size
    const next = openFile(path, onError)
    closeSync(file.descriptor)
    file = next
    return next.size
  }
  const prepare = (bytes: number): void => {
    try {
      const size = follow()
      if (rotation === undefined || !file.isRegular || size === 0 || size + bytes <= rotation.maxBytes) return
      rotation.rotate()
      follow()
    } catch (error) {
      onError(error, 0)
    }
  }
  return {
    append(line) {
      prepare(rotation === undefined ? 0 : Buffer.byteLength(line) + 1)
      file.writeLine(line)
    },
    descriptorFor(bytes) {
      prepare(bytes)
      return file.descriptor
    },
    close: () => closeSync(file.descriptor),
  }
}

function openFile(path: string, onError: OnFileError): OpenFile {
  const descriptor = openSync(path, 'a', 0o600)
  const own = fstatSync(descriptor)
  return {
    descriptor,
    size: own.size,
    isRegular: own.isFile(),
    sizeAt(place) {
      const found = statSync(place, { throwIfNoEntry: false })
      return found?.ino === own.ino && found.dev === own.dev ? found.size : undefined
    },
    writeLine: lineWriter(
      (bytes, offset) => writeSync(descriptor, bytes, offset),
      (error) => onError(error, 1),
    ),
  }
}
