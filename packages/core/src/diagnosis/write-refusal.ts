import { systemClock } from '../internal/clock.ts'
import type { Refusal } from '../logging/refusal.ts'
import { refusalEntry } from './refusal-entry.ts'
import { Throttle } from './throttle.ts'
import type { Sink } from '../authenticator/diagnosis.ts'
import { writeEntry } from './write-entry.ts'

/** All middlewares with the same logger share its limits. */
const throttles = new WeakMap<object, Throttle>()
const ofConsole = new Throttle()

function throttleOf(log: Sink): Throttle {
  if (log === undefined) return ofConsole
  let throttle = throttles.get(log)
  if (throttle === undefined) {
    throttle = new Throttle()
    throttles.set(log, throttle)
  }
  return throttle
}

/** Writes a line about a refused request, unless there are too many. @param before how many were left out before this one. */
export function writeRefusal(
  log: Sink,
  refusal: Refusal,
  before = 0,
  nowMs: number = systemClock.now(),
): void {
  const throttle = throttleOf(log)
  const leftOut = throttle.ended(nowMs)
  throttle.leaveOut(before)
  if (leftOut !== undefined) {
    const { count, sample, ofSample } = leftOut
    const like = ofSample === 0 ? '' : `, ${ofSample} of them like: ${sample}`
    const message = `kube-authn: ${count} more refusals were not logged in the last minute${like}`
    writeEntry(log, { level: 'warn', type: 'leftOut', count, message })
  }
  // A key without the rest of the line: making that costs more than the refusal, which an attacker repeats.
  const reason = refusal.error?.message ?? (refusal.by === 'authentication' ? '' : refusal.failure.message)
  const admitted = throttle.admit(reason)
  if (admitted === 'no') return
  const entry = refusalEntry(refusal)
  throttle.keep(reason, entry.message)
  const further = admitted === 'last' ? ' Further lines like this one are left out for up to a minute.' : ''
  writeEntry(log, { ...entry, message: `${entry.message}${further}` })
}
