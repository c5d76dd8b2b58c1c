import { createHash } from 'node:crypto'
import { withoutControls } from '@kube-authn/internal/printable'
import type { StoreSnapshot } from '@kube-authn/store/internal'
import { Failure } from '../../failure.ts'
import { type ExportedObject, FORMAT, FORMAT_VERSION, lineOf } from './format.ts'

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
      part += lineOf(exported(object))
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

function exported({ key, value, expiresAtMs }: ExportedObject): ExportedObject {
  return { key, value, ...(expiresAtMs !== undefined && { expiresAtMs }) }
}
