import type { Clock } from '@kube-authn/core'
import { aClock, atLeast, systemClock } from '@kube-authn/core/internal'
import { above, type OptionsShape } from '@kube-authn/core/adapter'
import type { Session } from './session-keeper.ts'

/** How long sessions last. */
export interface LifetimeOptions {
  /** How long a session lasts without being used; at most 400 days. Uses are recorded after a tenth of it, so it may end by as much earlier. Default 3,600. */
  readonly idleTimeoutSeconds?: number
  /** How long a session lasts however much it is used; at most 400 days. A shorter time also counts for the sessions that there are. Default 43,200. */
  readonly expirationSeconds?: number
  /** How far the clocks of replicas may be ahead. A session that begins later than this is refused. Default 10. */
  readonly clockSkewSeconds?: number
  /** Default: that of the store, or of `ended` of sealed cookies, if it has one; else the runtime's. */
  readonly clock?: Clock
}

/** Browsers keep no cookie for longer. Source: draft-ietf-httpbis-rfc6265bis section 5.6.2. */
const LONGEST_SECONDS = 34_560_000

export const lifetimeShape: OptionsShape<LifetimeOptions> = {
  idleTimeoutSeconds: above(0, LONGEST_SECONDS),
  expirationSeconds: above(0, LONGEST_SECONDS),
  clockSkewSeconds: atLeast(0),
  clock: aClock,
}

/** The times of a session. */
export type SessionTimes = Pick<Session, 'startedAtMs' | 'endsAtMs' | 'seenAtMs'>

/** How long sessions last, decided now. */
export interface Lifetimes {
  readonly clock: Clock
  readonly clockSkewMs: number
  readonly maxLifetimeMs: number
  begin(): SessionTimes
  /** Whether a session has ended, at exactly its time, or begins in the future. */
  isOver(times: SessionTimes): boolean
  /** Whether a use is worth recording. */
  isDue(times: SessionTimes): boolean
  /** How long it lasts if it is not used, above 0 unless it is over. */
  remainingMs(times: SessionTimes): number
}

const RECORDED_PART = 10

/** The lifetimes with these options, which are checked by {@link lifetimeShape}. */
export function sessionLifetimes(options: LifetimeOptions): Lifetimes {
  const { idleTimeoutSeconds = 3600, expirationSeconds = 43_200 } = options
  const { clockSkewSeconds = 10, clock = systemClock } = options
  const idleMs = idleTimeoutSeconds * 1000
  const maxLifetimeMs = expirationSeconds * 1000
  const clockSkewMs = clockSkewSeconds * 1000

  const remainingMs = ({ startedAtMs, endsAtMs, seenAtMs }: SessionTimes): number =>
    Math.min(seenAtMs + idleMs, startedAtMs + maxLifetimeMs, endsAtMs) - clock.now()

  return {
    clock,
    clockSkewMs,
    maxLifetimeMs,
    begin() {
      const nowMs = clock.now()
      return { startedAtMs: nowMs, endsAtMs: nowMs + maxLifetimeMs, seenAtMs: nowMs }
    },
    isOver(times) {
      const latestMs = clock.now() + clockSkewMs
      return remainingMs(times) <= 0 || times.startedAtMs > latestMs || times.seenAtMs > latestMs
    },
    isDue: ({ seenAtMs }) => clock.now() - seenAtMs >= idleMs / RECORDED_PART,
    remainingMs,
  }
}
