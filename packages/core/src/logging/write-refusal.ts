import { systemClock } from '../internal/clock.ts'
import type { Refusal } from './refusal.ts'
import type { Sink } from '../authenticator/diagnosis.ts'
import { lineLimits } from '../internal/log/line-limits.ts'
import { refusalEntry } from './refusal-line.ts'

const writeLimited = lineLimits('refusals')

/** Writes a line about a refused request, unless there are too many. @param before how many were left out before this one. */
export function writeRefusal(
  log: Sink,
  refusal: Refusal,
  before = 0,
  nowMs: number = systemClock.now(),
): void {
  const reason = refusal.error?.message ?? (refusal.by === 'authentication' ? '' : refusal.failure.message)
  writeLimited(log, { reason, entry: () => refusalEntry(refusal), before }, nowMs)
}
