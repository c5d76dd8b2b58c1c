import type { Log, LogEntry } from '../../authenticator/log.ts'
import { systemClock } from '../clock.ts'
import { messageOf } from '../thrown.ts'
import { shownPath } from './shown-request.ts'
import { shownReason } from './shown-values.ts'
import { lineLimits } from './throttle.ts'
import { defaultVerbosity } from './verbosity.ts'

/** Something that failed for a reason that no client sees. */
export interface Failure {
  /** What failed, without anything that a client sent. */
  readonly what: string
  readonly cause: unknown
  /** The kind of the notice. */
  readonly code: string
  /** `warn` if the client may be to blame: by default it is printed in development only. Default `error`. */
  readonly level?: 'warn' | 'error'
  /** If it was a request. */
  readonly request?: { readonly method: string; readonly path: string; readonly status: number }
}

/** Logs a failure with its cause, without secrets and queries. It never throws. */
export function logFailure(log: Log | undefined, failure: Failure, nowMs: number = systemClock.now()): void {
  if (log === false) return
  if (log === undefined && failure.level === 'warn' && defaultVerbosity() !== 'refusals') return
  try {
    const { what, code, request } = failure
    const why = messageOf(failure.cause, 'it threw something that is not an error')
    const reason = `${code} ${request?.status ?? what} ${why}`
    writeLimited(log, { reason, entry: () => failureEntry(failure, why) }, nowMs)
  } catch {
    // A log must not decide about requests.
  }
}

/** There may be too many: while a server is away, every request may fail. A refusal that clients repeat takes no line from a failure. */
const writeLimited = lineLimits('failures')

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
