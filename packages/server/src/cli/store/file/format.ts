import { createHash } from 'node:crypto'
import { defined } from '@kube-authn/core/internal'
import { withoutControls } from '@kube-authn/internal/printable'
import { MAX_KEY_BYTES, MAX_VALUE_BYTES, type StoreSnapshot } from '@kube-authn/store/internal'
import { Failure } from '../../failure.ts'

/** What the first line of an export says that it is. */
export const FORMAT = 'kube-authn store export'
/** Of the format. */
export const FORMAT_VERSION = 1

/** The first line. */
export interface ExportHeader {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  /** Of the store that was exported. */
  readonly revision: number
  /** How many objects follow. */
  readonly count: number
  /** What their keys begin with. */
  readonly prefix: string
}

export interface ExportedObject {
  readonly key: string
  readonly value: string
  /** When it expires, in milliseconds since the epoch; absent if it does not. */
  readonly expiresAtMs?: number
}

/** The last line. */
export interface ExportTrailer {
  /** In hexadecimal, of the bytes of all lines before. */
  readonly sha256: string
}

/** A line, with its end. */
export function lineOf(content: ExportHeader | ExportedObject | ExportTrailer): string {
  return `${JSON.stringify(content)}\n`
}

/** No line of an export is longer: JSON escapes a byte with at most six. */
export const MAX_LINE_BYTES: number = 6 * (MAX_KEY_BYTES + MAX_VALUE_BYTES) + 256

/** A part ends when it has this many characters. */
const PART = 1_048_576

/**
 * The objects of a store as the lines of an export, some at a time.
 *
 * @param count that of the objects with the prefix.
 * @throws {Failure} if an object cannot be read.
 */
export async function* exportedLines(
  snapshot: StoreSnapshot,
  { prefix, count }: { readonly prefix: string; readonly count: number },
): AsyncGenerator<string, void> {
  const { revision } = snapshot
  const hash = createHash('sha256')
  let part = lineOf({ format: FORMAT, version: FORMAT_VERSION, revision, count, prefix })
  let written = 0
  for await (const page of snapshot.objects(prefix)) {
    for (const object of page) {
      if ('problem' in object) {
        throw new Failure(`${withoutControls(object.key)} cannot be exported: ${object.problem}`)
      }
      const { key, value, expiresAtMs } = object
      part += lineOf({ key, value, ...defined({ expiresAtMs }) })
      written++
      if (part.length < PART) continue
      hash.update(part)
      yield part
      part = ''
    }
  }
  if (written !== count) throw new Failure(`the store has ${count} objects, and ${written} could be read`)
  const sha256 = hash.update(part).digest('hex')
  yield part + lineOf({ sha256 })
}
