import type { Sink } from '../../authenticator/diagnosis.ts'
import type { LogEntry } from '../../authenticator/log.ts'
import { Throttle } from './throttle.ts'
import { writeEntry } from './write-entry.ts'

/** Writes the line of a reason, unless there are too many. */
export type WriteLimited = (log: Sink, line: LimitedLine, nowMs: number) => void

/** A line that a client can have repeated. */
export interface LimitedLine {
  /** A key without the rest of the line: making that may cost more than what it tells of. */
  readonly reason: string
  readonly entry: () => LogEntry
  /** How many were left out before this one. */
  readonly before?: number
}

/** Limits the lines of one kind, for each log. @param kind in the plural, for the summary. */
export function lineLimits(kind: string): WriteLimited {
  /** All who write to the same logger share its limits. */
  const throttles = new WeakMap<object, Throttle>()
  const ofConsole = new Throttle()

  const throttleOf = (log: Sink): Throttle => {
    if (log === undefined) return ofConsole
    const known = throttles.get(log)
    if (known !== undefined) return known
    const throttle = new Throttle()
    throttles.set(log, throttle)
    return throttle
  }

  return function writeLimited(log, { reason, entry, before = 0 }, nowMs) {
    const throttle = throttleOf(log)
    const leftOut = throttle.ended(nowMs)
    throttle.leaveOut(before)
    if (leftOut !== undefined) {
      const { count, sample, ofSample } = leftOut
      const like = ofSample === 0 ? '' : `, ${ofSample} of them like: ${sample}`
      const message = `kube-authn: ${count} more ${kind} were not logged in the last minute${like}`
      writeEntry(log, { level: 'warn', type: 'leftOut', count, message })
    }
    const admitted = throttle.admit(reason)
    if (admitted === 'no') return
    const made = entry()
    throttle.keep(reason, made.message)
    const further = admitted === 'last' ? ' Further lines like this one are left out for up to a minute.' : ''
    writeEntry(log, { ...made, message: `${made.message}${further}` })
  }
}
