import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { resolve } from 'node:path'
import { finish, type Steps } from '@kube-authn/core/internal'

/** The complete content of a file at one moment. */
export type FileContent = Uint8Array<ArrayBuffer>

/** How much is read or hashed in a step. */
const STEP_BYTES = 1_048_576

/**
 * Reads a regular file of at most `maxBytes`. The calls are synchronous, in steps, so that a process fails at the start if a file is missing.
 *
 * @throws {Error} if the file does not exist, is not a regular file, or is too large.
 */
export function* readSteps(path: string, maxBytes: number): Steps<FileContent> {
  // Opened first and checked through the descriptor: the file that was checked is the one that is read.
  const descriptor = opened(path)
  try {
    const { size } = regular(path, fs.fstatSync(descriptor))
    const tooLarge = new Error(`${path}: larger than ${maxBytes} bytes`)
    if (size > maxBytes) throw tooLarge
    // Some file systems generate the content and report a size of 0.
    if (size === 0) {
      const content = new Uint8Array(fs.readFileSync(descriptor))
      if (content.length > maxBytes) throw tooLarge
      return content
    }
    const content = new Uint8Array(size)
    let length = 0
    for (let bytes = -1; bytes !== 0 && length < size; length += bytes) {
      if (length > 0) yield
      bytes = fs.readSync(descriptor, content, length, Math.min(STEP_BYTES, size - length), null)
    }
    return content.subarray(0, length)
  } finally {
    fs.closeSync(descriptor)
  }
}

export function* digestSteps(content: Uint8Array): Steps<string> {
  const hash = createHash('sha256')
  for (let start = 0; start < content.length; start += STEP_BYTES) {
    if (start > 0) yield
    hash.update(content.subarray(start, start + STEP_BYTES))
  }
  return hash.digest('hex')
}

/**
 * Inode, size and times of a file. It changes with every write, unless two writes fall within the resolution of the times.
 *
 * @throws {Error} if the file does not exist.
 */
export function stampOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = fs.statSync(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    throw unreadable(path, error)
  }
}

function regular<T extends { isFile(): boolean }>(path: string, stats: T): T {
  if (!stats.isFile()) throw new Error(`${path}: not a regular file`)
  return stats
}

function opened(path: string): number {
  try {
    return fs.openSync(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The limit of files with a configuration, certificates or a token. A bundle of all public CAs is a quarter of this. */
export const MAX_TEXT_BYTES = 1_048_576

export const strictUtf8: InstanceType<typeof TextDecoder> = new TextDecoder('utf-8', { fatal: true })
/** For PEM, which is ASCII; the text around it may have any encoding. */
export const latin1: InstanceType<typeof TextDecoder> = new TextDecoder('latin1')

/** The content of a file of at most 1 MiB as a string, without its byte order mark. @throws {Error} if it cannot be read or is not UTF-8. */
export function readTextFile(path: string): string {
  return textOf(path, finish(readSteps(path, MAX_TEXT_BYTES)))
}

const DASHES_LINE = '\n---'

/**
 * The content of a file as strings, without its byte order mark: of 1 MiB or more, each up to a line that begins with three dashes. A large string takes
 * long to create.
 *
 * @throws {Error} if the content is not UTF-8.
 */
export function* textParts(path: string, content: Uint8Array): Steps<readonly string[]> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const parts: string[] = []
  for (let start = 0; start < bytes.length;) {
    const end = yield* endOfPart(bytes, start)
    parts.push(textOf(path, bytes.subarray(start, end)))
    start = end
    yield
  }
  return parts
}

function* endOfPart(bytes: Buffer, start: number): Steps<number> {
  for (let from = start + STEP_BYTES; from < bytes.length; from += STEP_BYTES) {
    // A line may begin before the end of a step.
    const found = bytes.subarray(from, from + STEP_BYTES + DASHES_LINE.length - 1).indexOf(DASHES_LINE)
    if (found !== -1) return from + found + 1
    yield
  }
  return bytes.length
}

/** @throws {Error} if the content is not UTF-8. */
function textOf(path: string, content: Uint8Array): string {
  try {
    return strictUtf8.decode(content)
  } catch {
    throw new Error(`${path}: not UTF-8`)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory (ENOENT)',
  EACCES: 'permission denied (EACCES)',
  EISDIR: 'is a directory (EISDIR)',
  ENOTDIR: 'no such file or directory (ENOTDIR)',
}

/**
 * The error for an unreadable file or folder: its absolute path and the reason, with the `code` of the system. A path that looks like file content is
 * not shown, as it may hold a secret.
 */
export function unreadable(path: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const reason = (Object.hasOwn(REASONS, code) ? REASONS[code] : code) ?? code
  const message = looksLikeContent(path)
    ? 'this looks like the content of a file: pass its path instead'
    : `${resolve(path)}: ${reason === '' ? 'cannot be read' : reason}`
  return Object.assign(new Error(message, { cause: error }), { code })
}

/** Lines, PEM or a record of a CSV file. */
export function looksLikeContent(path: string): boolean {
  return /[\r\n]|-----BEGIN |,.*,/.test(path) || path.length > 1024
}
