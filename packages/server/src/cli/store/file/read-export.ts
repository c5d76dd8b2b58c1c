import { createHash } from 'node:crypto'
import { isObject } from '@kube-authn/core/internal'
import { byBytes, checkKey, checkValue } from '@kube-authn/store/internal'
import { isStoreError } from '@kube-authn/store'
import { Failure, orFail } from '../../failure.ts'
import { parsedJson } from '../../terminal/input.ts'
import {
  type ExportedObject,
  type ExportHeader,
  FORMAT,
  FORMAT_VERSION,
  lineOf,
  MAX_LINE_BYTES,
} from './format.ts'

export interface ReadExport {
  readonly header: ExportHeader
  /** Ends after the last line, if the checksum is right. @throws {Failure} where the file is wrong. */
  readonly objects: AsyncIterable<ExportedObject>
}

/**
 * Reads an export from its beginning. Each line must be, byte for byte, what an export writes: so that each object is read as one thing only.
 *
 * @param name that of the file, for messages; they have no value of an object.
 * @throws {Failure} if it is none, or one of another version.
 */
export async function readExport(name: string, chunks: AsyncIterable<Uint8Array>): Promise<ReadExport> {
  const lines = readLines(name, chunks, MAX_LINE_BYTES)
  try {
    const first = await lines.next()
    if (first.done === true) throw new Failure(`${name}: is empty`)
    const header = headerIn(name, first.value)
    const hash = createHash('sha256').update(first.value.bytes)
    return { header, objects: objectsIn(name, header, lines, hash) }
  } catch (error) {
    await lines.return()
    throw error
  }
}

/** What the lines come from is not waited for, once the file was found wrong. */
async function* objectsIn(
  name: string,
  { count, prefix }: ExportHeader,
  lines: AsyncGenerator<Line, void>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<ExportedObject, void> {
  try {
    let last = ''
    for (let index = 0; index < count; index++) {
      const { done, value: line } = await lines.next()
      if (done === true) throw new Failure(`${name}: is truncated: it has ${index} of ${count} objects`)
      const object = objectIn(name, line)
      if (!object.key.startsWith(prefix))
        throw wrong(name, line, 'has a key without the prefix of the export')
      if (byBytes(last, object.key) >= 0)
        throw wrong(name, line, 'has a key that is there twice, or not in order')
      last = object.key
      hash.update(line.bytes)
      yield object
    }
    const { done, value: line } = await lines.next()
    if (done === true) throw new Failure(`${name}: is truncated: its checksum is missing`)
    if (lineOf({ sha256: hash.digest('hex') }) !== `${line.text}\n`) {
      throw wrong(name, line, 'must be the checksum of the lines before: the file is damaged, or was changed')
    }
    const after = await lines.next()
    if (after.done !== true) throw wrong(name, after.value, 'must not be there: the checksum is the end')
  } finally {
    await lines.return()
  }
}

function headerIn(name: string, line: Line): ExportHeader {
  const read = parsedJson(line.text)
  if (!isObject(read) || read['format'] !== FORMAT) {
    throw new Failure(`${name}: is not an export of a store`)
  }
  const { version, revision, count, prefix } = read
  if (version !== FORMAT_VERSION) {
    throw new Failure(
      `${name}: must have version ${FORMAT_VERSION}, which is the only one that this program reads`,
    )
  }
  if (isCount(revision) && isCount(count) && typeof prefix === 'string') {
    const header: ExportHeader = { format: FORMAT, version, revision, count, prefix }
    if (lineOf(header) === `${line.text}\n`) return header
  }
  throw wrong(name, line, 'is not as an export has it')
}

function objectIn(name: string, line: Line): ExportedObject {
  const read = parsedJson(line.text)
  if (!isObject(read)) throw wrong(name, line, 'is not the JSON of an object')
  const { key, value, expiresAtMs } = read
  if (
    typeof key !== 'string' ||
    typeof value !== 'string' ||
    !(expiresAtMs === undefined || isCount(expiresAtMs))
  ) {
    throw wrong(name, line, 'must have a key, a value and, if it ends, expiresAtMs')
  }
  const object = { key, value, ...(expiresAtMs !== undefined && { expiresAtMs }) }
  if (lineOf(object) !== `${line.text}\n`) throw wrong(name, line, 'is not as an export has it')
  try {
    checkKey(key)
    checkValue(value)
  } catch (error) {
    if (isStoreError(error, 'invalidObject', 'objectTooLarge'))
      throw wrong(name, line, `cannot be stored: ${error.message}`)
    throw error
  }
  return object
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function wrong(name: string, { number }: Line, problem: string): Failure {
  return new Failure(`${name}: line ${number} ${problem}`)
}

interface Line {
  /** From 1. */
  readonly number: number
  /** Without its end. */
  readonly text: string
  /** With it. */
  readonly bytes: Uint8Array
}

const NEWLINE = 0x0a

/**
 * The lines of a file in UTF-8, of which only one is in memory at a time.
 *
 * @param name that of the file, for messages.
 * @throws {Failure} if a line is longer than `maxBytes`, has no end, or is not UTF-8.
 */
async function* readLines(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let number = 1
  let parts: Uint8Array[] = []
  let length = 0

  const add = (part: Uint8Array): void => {
    parts.push(part)
    length += part.length
    if (length > maxBytes) throw new Failure(`${name}: line ${number} has more than ${maxBytes} bytes`)
  }
  const take = (): Line => {
    const bytes = Buffer.concat(parts)
    const text = orFail(
      () => decoder.decode(bytes.subarray(0, -1)),
      () => `${name}: line ${number} is not UTF-8`,
    )
    const line = { number, text, bytes }
    parts = []
    length = 0
    number++
    return line
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end + 1))
      start = end + 1
      yield take()
    }
    if (start < chunk.length) add(chunk.subarray(start))
  }
  if (parts.length > 0) throw new Failure(`${name}: is truncated in line ${number}`)
}
