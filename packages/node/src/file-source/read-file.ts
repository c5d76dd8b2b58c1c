import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { unreadable } from './unreadable.ts'

/** The content of a file, all of it, as it was at one moment. */
export type FileContent = Uint8Array<ArrayBuffer>

/**
 * Reads a regular file, of at most so many bytes. Synchronous, so that a process that starts either has what it needs or does
 * not start; files of credentials are small.
 *
 * @throws {Error} when there is no such file, it is no regular file, or it is too large.
 */
export function readRegularFile(path: string, maxBytes: number): FileContent {
  // Opened first and looked at through the descriptor: what is read is what was looked at.
  const descriptor = opened(path)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new Error(`${path}: not a regular file`)
    if (stats.size > maxBytes) throw new Error(`${path}: larger than ${maxBytes} bytes`)
    return new Uint8Array(readFileSync(descriptor))
  } finally {
    closeSync(descriptor)
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The same for a text, without its byte order mark.
 *
 * @throws {Error} when it cannot be read, or is not UTF-8.
 */
export function readTextFile(path: string, maxBytes: number): string {
  const bytes = readRegularFile(path, maxBytes)
  try {
    return strictUtf8.decode(bytes)
  } catch {
    throw new Error(`${path}: not UTF-8`)
  }
}
