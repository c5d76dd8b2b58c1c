import { type Awaitable, andThen, firstOf, isPromiseLike } from '../internal/awaitable.ts'
import type { Attributes } from '../authorization/attributes.ts'
import { attributesOf } from '../authorization/attributes.ts'
import type { Decision } from '../authorization/decision.ts'
import { forbidden } from '../authorization/forbidden.ts'
import { tooBusy } from '../authorization/error-answers.ts'
import type { StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'

/** The API group of impersonation checks. Only the legacy verb checks users, groups and service accounts in the core group. */
export const AUTHENTICATION_API_GROUP = 'authentication.k8s.io'

export type Ask = (attributes: Attributes) => Awaitable<Decision>

/** Turns a decision into a refusal; `undefined` if it allows. */
export type Refusal = (attributes: Attributes, decision: Decision) => StatusError | undefined

/** Attributes that must all be allowed, unless the wildcard is. */
export interface Check {
  /** Asked first; if it is allowed, `each` is skipped. */
  readonly wildcard?: Attributes
  readonly each: readonly Attributes[]
}

/** Runs checks in order and returns the first refusal; `undefined` if everything is allowed. */
export function firstRefusal(
  checks: readonly (Check | StatusError)[],
  ask: Ask,
  refusal: Refusal,
): Awaitable<StatusError | undefined> {
  const refusalOf = (attributes: Attributes): Awaitable<StatusError | undefined> => {
    const answer = ask(attributes)
    // The answer is nearly always synchronous, and a closure for each group would cost as much as the answer.
    return isPromiseLike(answer)
      ? andThen(answer, (decision) => refusal(attributes, decision))
      : refusal(attributes, answer)
  }

  const firstOfEach = (each: readonly Attributes[]): Awaitable<StatusError | undefined> =>
    firstOf<Attributes, StatusError | undefined, StatusError | undefined>(
      each,
      refusalOf,
      (_, found) => found,
      () => undefined,
    )

  return firstOf<Check | StatusError, StatusError | undefined, StatusError | undefined>(
    checks,
    (check) => {
      if (check instanceof Error) return check
      if (check.wildcard === undefined) return firstOfEach(check.each)
      return andThen(refusalOf(check.wildcard), (refused) =>
        refused === undefined ? undefined : firstOfEach(check.each),
      )
    },
    (_, found) => found,
    () => undefined,
  )
}

/** As the stand-alone filter does: a decision with an error is a refusal, and the message leaves the error out. */
export const strictRefusal: Refusal = (attributes, { verdict, reason, error }) =>
  verdict === 'allow' && error === undefined ? undefined : (tooBusy(error) ?? forbidden(attributes, reason))

/** As constrained impersonation does: only the verdict counts; the error is included in the message. */
export const lenientRefusal: Refusal = (attributes, { verdict, reason, error }) => {
  if (verdict === 'allow') return undefined
  const busy = tooBusy(error)
  if (busy !== undefined) return busy
  return forbidden(attributes, [error?.message ?? '', reason].filter((text) => text !== '').join(': '))
}

/** The attributes of the check of one impersonated item. They have no path. */
export function impersonationAttributes(
  requester: UserInfo,
  verb: string,
  apiGroup: string,
  item: {
    readonly resource: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name: string
  },
): Attributes {
  return attributesOf(requester, { verb, apiGroup, apiVersion: 'v1', ...item })
}
