import type { UserInfo } from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import type { RequestInfo } from '@kube-authn/core/authorization'
import { isLongRunning } from './long-running.ts'

/** How many requests may run at a time. 0: any number. */
export interface InFlightLimits {
  readonly reading: number
  readonly mutating: number
}

/** Begins a request. @returns a function that ends it, or the refusal. */
export type BeginRequest = (info: RequestInfo, user: UserInfo) => (() => void) | StatusError

const READING: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
const PRIVILEGED_GROUP = 'system:masters'

/**
 * Limits the requests that run at a time, without those that are long by nature, and without those of `system:masters`, so that an operator can always act.
 *
 * Source: apiserver `pkg/server/filters/maxinflight.go`.
 *
 * Deviation: there is no queue and no fairness between users (`docs/deviations.md`, requests in flight).
 */
export function inFlight(limits: InFlightLimits): BeginRequest {
  const running = { reading: 0, mutating: 0 }
  return function beginRequest(info, user) {
    if (isLongRunning(info)) return () => {}
    const kind = READING.has(info.verb) ? 'reading' : 'mutating'
    const limit = limits[kind]
    const isFull = limit > 0 && running[kind] >= limit
    if (isFull) return user.groups.includes(PRIVILEGED_GROUP) ? () => {} : tooManyRequests()
    running[kind]++
    return () => void running[kind]--
  }
}

/** The answer to a request beyond the limits. */
export function tooManyRequests(): StatusError {
  const message = 'Too many requests, please try again later.'
  return new StatusError({
    status: 429,
    reason: 'TooManyRequests',
    message,
    text: `${message}\n`,
    headers: { 'retry-after': '1', 'x-content-type-options': 'nosniff' },
  })
}
