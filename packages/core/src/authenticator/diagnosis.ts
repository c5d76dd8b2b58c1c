import type { Failure } from '../internal/log/failure.ts'
import type { Refusal } from '../logging/refusal.ts'
import type { NewsEvent } from './events.ts'
import type { Log } from './log.ts'

/** Where a line goes; `undefined` is the console. */
export type Sink = Exclude<Log, false> | undefined

/** A likely mistake in the app, which a request or the start revealed. */
export type AppWarning =
  | 'noUser'
  | 'noSession'
  | 'openUpgrades'
  | 'preflight'
  | 'upgradesLack'
  | 'userReplaced'

/** The code that writes log lines. */
export interface Diagnosis {
  writeEvent(log: Sink, event: NewsEvent): void
  /** @param where the property of a replaced user, such as `req.user`, or the options that upgrades lack. */
  writeAppWarning(log: Sink, warning: AppWarning, where?: string): void
  /** @param before how many were left out before this one. */
  writeRefusal(log: Sink, refusal: Refusal, before?: number): void
  writeFailure(log: Sink, failure: Failure): void
}

let loaded: Diagnosis | undefined

/** The code that writes log lines, if it is loaded. */
export function loadedDiagnosis(): Diagnosis | undefined {
  return loaded
}

/**
 * Calls a function with the code that writes log lines, which is loaded when the first line is written. Errors are ignored: a log must not
 * decide about requests.
 */
export function withDiagnosis(use: (diagnosis: Diagnosis) => void): void {
  if (loaded === undefined) loadAndUse(use).catch(() => undefined)
  else use(loaded)
}

/** Not one promise for all calls: on some runtimes a promise belongs to the request that created it. */
async function loadAndUse(use: (diagnosis: Diagnosis) => void): Promise<void> {
  loaded = await import('../logging/index.ts')
  use(loaded)
}
