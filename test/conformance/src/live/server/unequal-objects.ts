import { type Difference, isObject } from '../difference.ts'
import type { RecordedLine, ServerAnswer } from './recorded-line.ts'

/** Objects that an earlier request changed on one of the servers only, and the row that explains it. */
export interface UnequalObjects {
  /** Notes that a request was successful on one server only. Without a row, what follows from it stays unexplained. */
  note(
    asked: { readonly line: RecordedLine; readonly there: ServerAnswer; readonly here: ServerAnswer },
    row: string | undefined,
  ): void
  /** The row that explains a difference about such an object. */
  rowFor(difference: Difference, line: RecordedLine): string | undefined
}

export function unequalObjects(): UnequalObjects {
  const rows = new Map<string, string>()
  return {
    note({ line, there, here }, row) {
      if (isRead(line)) return
      const object = objectOf(line)
      const differs = isSuccess(there) !== isSuccess(here) || isLeft(there) !== isLeft(here)
      if (differs && row !== undefined) rows.set(object, row)
      // What was written as a whole is the same again.
      else if (differs || (isSuccess(there) && line.method !== 'PATCH')) rows.delete(object)
    },
    rowFor({ at }, line) {
      const object = objectOf(line)
      for (const [unequal, row] of rows) {
        if (object === unequal || object.startsWith(`${unequal}/`)) return row
        if (isInList(at) && unequal.startsWith(`${object}/`)) return row
      }
      return undefined
    },
  }
}

function isRead({ method, path }: RecordedLine): boolean {
  return method === 'GET' || method === 'HEAD' || path.includes('dryRun=All')
}

/** Whether an object is being deleted, and something keeps it. */
function isLeft({ body }: ServerAnswer): boolean {
  const metadata = isObject(body) ? body['metadata'] : undefined
  if (!isObject(metadata) || metadata['deletionTimestamp'] === undefined) return false
  return metadata['finalizers'] !== undefined || Number(metadata['deletionGracePeriodSeconds'] ?? 0) > 0
}

function isSuccess({ status }: ServerAnswer): boolean {
  return status < 300
}

/** Where a list tells about its elements. */
function isInList(at: string): boolean {
  return /^(?:events|body\.(?:items|rows|metadata\.(?:remainingItemCount|continue)))/.test(at)
}

/** The path of the object, or of the list, that a request is about. */
function objectOf({ method, path, body }: RecordedLine): string {
  const [target = ''] = path.split('?')
  const object = target.replace(/\/(?:status|approval|finalize|eviction|token)$/, '')
  const name = method === 'POST' && typeof body === 'string' ? nameIn(body) : undefined
  return name === undefined || object.endsWith(`/${name}`) ? object : `${object}/${name}`
}

function nameIn(body: string): string | undefined {
  return /"metadata":\{[^{}]*?"name":"([^"]+)"/.exec(body)?.[1]
}
