import * as fs from 'node:fs'

/** A file that lines are appended to. */
export interface FollowedFile {
  /** Appends a line to the file that is now at the path. */
  append(line: string): void
  /** The descriptor of the file that is now at the path, to write this many bytes to. */
  descriptorFor(bytes: number): number
  close(): Promise<void>
}

/** Called with an error and the number of lines that were lost or may be incomplete. */
export type OnFileError = (error: unknown, lostLines: number) => void

export interface FileRotation {
  readonly maxBytes: number
  /** Moves the file at the path. */
  readonly rotate: () => void
}

interface OpenFile {
  readonly descriptor: number
  readonly size: number
  readonly isRegular: boolean
  /** The size of the file at the path; `undefined` if it is a different file or none. */
  readonly sizeAtPath: () => number | undefined
  readonly writeLine: (line: string) => void
}

/**
 * Appends lines to the file at a path. If that file was renamed or removed, for example by log rotation, a new one is opened at the path before the
 * next line. While that fails, lines go to the previous file.
 *
 * @param onError called if a line cannot be written or the file cannot be reopened.
 * @param rotation called before a line that would make the file too large. A file without a size, such as a pipe, is never too large.
 * @throws {Error} if the file cannot be opened at first: the error of `node:fs`.
 */
export function followedFile(path: string, onError: OnFileError, rotation?: FileRotation): FollowedFile {
  let file = openFile(path, onError)
  /** Opens the file that is now at the path if needed, and returns its size. */
  const follow = (): number => {
    const size = file.sizeAtPath()
    if (size !== undefined) return size
    const next = openFile(path, onError)
    fs.closeSync(file.descriptor)
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
    close() {
      fs.closeSync(file.descriptor)
      return Promise.resolve()
    },
  }
}

function openFile(path: string, onError: OnFileError): OpenFile {
  const descriptor = fs.openSync(path, 'a', 0o600)
  const own = fs.fstatSync(descriptor)
  return {
    descriptor,
    size: own.size,
    isRegular: own.isFile(),
    sizeAtPath() {
      const found = fs.statSync(path, { throwIfNoEntry: false })
      return found?.ino === own.ino && found.dev === own.dev ? found.size : undefined
    },
    writeLine: lineWriter(
      (bytes, offset) => fs.writeSync(descriptor, bytes, offset),
      (error) => onError(error, 1),
    ),
  }
}

/**
 * Appends lines, each completely if possible: the rest of a partial write is written as well. After a truncated line, for example on a full disk, the
 * next one starts on a new line.
 *
 * @param write writes bytes from an offset and returns how many it wrote.
 * @param onError called with what `write` throws; the line or a part of it is lost.
 */
export function lineWriter(
  write: (bytes: Uint8Array, offset: number) => number,
  onError: (error: unknown) => void,
): (line: string) => void {
  let isCutOff = false
  return (line) => {
    const bytes = Buffer.from(`${isCutOff ? '\n' : ''}${line}\n`)
    let written = 0
    try {
      while (written < bytes.length) {
        const more = write(bytes, written)
        // It would be retried forever.
        if (!(more > 0)) throw new Error('no more of the line could be written')
        written += more
        isCutOff = written < bytes.length
      }
    } catch (error) {
      onError(error)
    }
  }
}
