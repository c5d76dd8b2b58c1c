import type { Observer, UserInfo } from '@kube-authn/core'
import { notify, StatusError } from '@kube-authn/core/adapter'
import type { RequestInfo } from '@kube-authn/core/authorization'
import type { RequestInFlightEvent } from '@kube-authn/core/internal'

/** How many requests may run at a time. 0: any number. */
export interface InFlightLimits {
  readonly reading: number
  readonly mutating: number
}

export interface BegunRequest {
  /** Its body has arrived. @throws {StatusError} 429 if too many others run. */
  received(this: void): void
  end(this: void): void
}

/** Begins a request. @returns the refusal if it must not begin. */
export type BeginRequest = (info: RequestInfo, user: UserInfo) => BegunRequest | StatusError

const READING: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
const PRIVILEGED_GROUP = 'system:masters'
const UNLIMITED: BegunRequest = { received() {}, end() {} }

/**
 * Limits the requests that run at a time, without those that are long by nature, and without those of `system:masters`, so that an operator can always act. A request that
 * changes something runs from when its body is there; as many may be waiting for theirs. One user has only a share of each ({@link slots}).
 *
 * Source: apiserver `pkg/server/filters/maxinflight.go`.
 *
 * Deviation: there is no queue, and a share for each user instead of fairness (`docs/deviations.md`, requests in flight).
 */
export function inFlight(limits: InFlightLimits, observer: Observer): BeginRequest {
  const told =
    (kind: RequestInFlightEvent['kind']) =>
    (change: 1 | -1): void =>
      notify(observer, { type: 'requestInFlight', kind, change })
  const reading = slots(limits.reading, told('readOnly'))
  const waiting = slots(limits.mutating, () => {})
  const mutating = slots(limits.mutating, told('mutating'))
  return function beginRequest(info, user) {
    if (isLongRunning(info)) return UNLIMITED
    const isReading = READING.has(info.verb)
    const holder = holderOf(user)
    const isPrivileged = user.groups.includes(PRIVILEGED_GROUP)
    let end = (isReading ? reading : waiting)(holder)
    if (end === undefined) return isPrivileged ? UNLIMITED : tooManyRequests()
    let isReceived = isReading
    return {
      received() {
        if (isReceived) return
        isReceived = true
        end?.()
        end = mutating(holder)
        if (end === undefined && !isPrivileged) throw tooManyRequests()
      },
      end() {
        isReceived = true
        end?.()
      },
    }
  }
}

/** A user who may create service accounts has any number of them, so all of a namespace are one. */
function holderOf({ username }: UserInfo): string {
  const [, namespace] = /^system:serviceaccount:([^:]*):/.exec(username) ?? []
  return namespace === undefined ? `user ${username}` : `namespace ${namespace}`
}

const LONG_VERBS: ReadonlySet<string> = new Set(['watch', 'proxy'])
const LONG_SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/**
 * Whether a request may last as long as its client wants, so that neither timeout nor limit is for it.
 *
 * Source: apiserver `pkg/server/filters/longrunning.go`; kubernetes `cmd/kube-apiserver/app/server.go`.
 */
export function isLongRunning({ verb, resourceRequest, subresource }: RequestInfo): boolean {
  return resourceRequest && (LONG_VERBS.has(verb) || LONG_SUBRESOURCES.has(subresource))
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

/** The part of the slots that is for everyone, and the part that a holder has beyond it. */
const COMMON_PART = 1 / 2
const SHARE = 1 / 4

/**
 * A number of slots, of which one holder cannot have all. Half of them are for everyone. Of the others, none is for a holder that has a quarter of all already: so the slots that are left are those of the others, whatever one
 * holder does.
 *
 * @param limit 0: any number.
 * @param onChange called with each slot that is taken or given back.
 * @returns a function that takes a slot, and returns one that gives it back, once; `undefined` if there is none for this holder.
 */
function slots(
  limit: number,
  onChange: (change: 1 | -1) => void,
): (holder: string) => (() => void) | undefined {
  const held = new Map<string, number>()
  let taken = 0
  return (holder) => {
    const own = held.get(holder) ?? 0
    const isFull = taken >= limit || (taken >= limit * COMMON_PART && own >= limit * SHARE)
    if (limit > 0 && isFull) return undefined
    taken++
    onChange(1)
    held.set(holder, own + 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      taken--
      onChange(-1)
      const left = (held.get(holder) ?? 0) - 1
      if (left > 0) held.set(holder, left)
      else held.delete(holder)
    }
  }
}
