import type { LogEntry } from '../../authenticator/log.ts'
import { type Sink, stateOfSink, writeEntry } from './write-entry.ts'

/** A line that a client can have repeated. */
interface LimitedLine {
  /** A key without the rest of the line: making that may cost more than what it tells of. */
  readonly reason: string
  readonly entry: () => LogEntry
}

/** Limits the lines of one kind, for each log: it writes that of a reason unless there are too many. @param kind in the plural, for the summary. */
export function lineLimits(kind: string): (log: Sink, line: LimitedLine, nowMs: number) => void {
  const throttleOf = stateOfSink(() => new Throttle())

  return function writeLimited(log, { reason, entry }, nowMs) {
    const throttle = throttleOf(log)
    const leftOut = throttle.ended(nowMs)
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

/** In each of these periods the first refusals are logged, and the rest is counted. */
const PERIOD_MS = 60_000
const MAX_LINES = 100
const MAX_LINES_OF_A_REASON = 10
/** The text by which a reason is named in the summary. */
const MAX_SAMPLE = 160

/** What was left out in the last period. */
export interface LeftOut {
  readonly count: number
  /** The message of the most frequent reason of which lines were logged, and how many of it were left out. */
  readonly sample: string
  readonly ofSample: number
}

interface Reason {
  written: number
  leftOut: number
  sample: string
}

/** Limits the lines of one log, for each reason and overall. Its memory is bounded, whatever clients send: reasons are kept only of lines that are logged. */
export class Throttle {
  #endsAtMs = -Infinity
  #written = 0
  #leftOut = 0
  readonly #reasons = new Map<string, Reason>()

  /** What was left out, when a period has ended; it begins the next one. */
  ended(nowMs: number): LeftOut | undefined {
    if (nowMs < this.#endsAtMs && nowMs >= this.#endsAtMs - PERIOD_MS) return undefined
    const [first] = [...this.#reasons.values()].toSorted((one, other) => other.leftOut - one.leftOut)
    const count = this.#leftOut
    this.#endsAtMs = nowMs + PERIOD_MS
    this.#written = 0
    this.#leftOut = 0
    this.#reasons.clear()
    return count === 0 ? undefined : { count, sample: first?.sample ?? '', ofSample: first?.leftOut ?? 0 }
  }

  /** Whether a line for this reason is logged, and whether it is the last one in this period. */
  admit(reason: string): 'no' | 'yes' | 'last' {
    const known = this.#reasons.get(reason)
    if (this.#written >= MAX_LINES || (known !== undefined && known.written >= MAX_LINES_OF_A_REASON)) {
      this.#leftOut++
      if (known !== undefined) known.leftOut++
      return 'no'
    }
    this.#written++
    const count = (known?.written ?? 0) + 1
    if (known === undefined) this.#reasons.set(reason, { written: 1, leftOut: 0, sample: '' })
    else known.written = count
    return count === MAX_LINES_OF_A_REASON || this.#written === MAX_LINES ? 'last' : 'yes'
  }

  /** Keeps a message as the sample of its reason. */
  keep(reason: string, sample: string): void {
    const known = this.#reasons.get(reason)
    if (known?.sample === '') known.sample = sample.slice(0, MAX_SAMPLE).toWellFormed()
  }
}
