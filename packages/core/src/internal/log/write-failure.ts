import type { Sink } from '../../authenticator/diagnosis.ts'
import type { LogEntry } from '../../authenticator/log.ts'
import { systemClock } from '../clock.ts'
import { messageOf } from '../thrown.ts'
import type { Failure } from './failure.ts'
import { lineLimits } from './line-limits.ts'
import { shownPath, shownReason } from './shown-values.ts'

/** A refusal that clients repeat takes no line from a failure. */
const writeLimited = lineLimits('failures')

/** Writes a line about a failure, unless there are too many: while a server is away, every request may fail. */
export function writeFailure(log: Sink, failure: Failure, nowMs: number = systemClock.now()): void {
  const { what, code, request } = failure
  const why = messageOf(failure.cause, 'it threw something that is not an error')
  const reason = `${code} ${request?.status ?? what} ${why}`
  writeLimited(log, { reason, entry: () => failureEntry(failure, why) }, nowMs)
}

function failureEntry({ what, code, request, level = 'error' }: Failure, why: string): LogEntry {
  const about = request && {
    status: request.status,
    method: shownPath(request.method, []),
    path: shownPath(request.path, []),
  }
  const subject = about === undefined ? what : `${about.status} ${about.method} ${about.path}`
  const message = `kube-authn: ${subject}: ${shownReason(why, [])} [${code}]`
  return { level, type: 'notice', code, message, ...about }
}
