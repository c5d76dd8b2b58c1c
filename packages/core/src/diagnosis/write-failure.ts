import type { Sink } from '../authenticator/diagnosis.ts'
import { messageOf } from '../internal/thrown.ts'
import type { Failure } from '../logging/failure.ts'
import { shownPath, shownReason } from './shown.ts'
import { writeEntry } from './write-entry.ts'

/** Writes a line about a failure. */
export function writeFailure(log: Sink, { what, cause, code, request, level = 'error' }: Failure): void {
  const reason = shownReason(messageOf(cause, 'it threw something that is not an error'), [])
  const about = request && {
    status: request.status,
    method: shownPath(request.method, []),
    path: shownPath(request.path, []),
  }
  const subject = about === undefined ? what : `${about.status} ${about.method} ${about.path}`
  const message = `kube-authn: ${subject}: ${reason} [${code}]`
  writeEntry(log, { level, type: 'notice', code, message, ...about })
}
