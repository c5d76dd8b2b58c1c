import { type Awaitable, andThen, firstOf, isPromiseLike } from '../internal/awaitable.ts'
import type { Attributes } from '../authorization/attributes.ts'
import { attributesOf } from '../authorization/attributes.ts'
import type { Decision } from '../authorization/decision.ts'
import { forbidden } from '../authorization/forbidden.ts'
import { tooBusy } from '../authorization/too-busy.ts'
import type { StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'

/** The API group of what is impersonated, but for the core group's users, groups and service accounts of the legacy verb. */
export const AUTHENTICATION_API_GROUP = 'authentication.k8s.io'

/** Asks whether something is allowed. */
export type Ask = (attributes: Attributes) => Awaitable<Decision>

/** Why something is refused, if it is. */
export type Refusal = (attributes: Attributes, decision: Decision) => StatusError | undefined

/** What has to be allowed, one after the other, unless everything is allowed at once. */
export interface Check {
  /** Spares the rest when it is allowed. */
  readonly wildcard?: Attributes
  readonly each: readonly Attributes[]
}

/** Makes checks in order. The first refusal ends it: `undefined` when everything is allowed. */
export function firstRefusal(
  checks: readonly (Check | StatusError)[],
  ask: Ask,
  refusal: Refusal,
): Awaitable<StatusError | undefined> {
  const refusalOf = (attributes: Attributes): Awaitable<StatusError | undefined> => {
    const answer = ask(attributes)
    // Nearly always it is known at once, and a function more for each group would take as long as the answer.
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

/** As the stand-alone filter has it: allowed in spite of an error is not allowed, and the error is not told. */
export const strictRefusal: Refusal = (attributes, { verdict, reason, error }) =>
  verdict === 'allow' && error === undefined ? undefined : (tooBusy(error) ?? forbidden(attributes, reason))

/** As the modes have it: only the verdict counts, and the error is told. */
export const lenientRefusal: Refusal = (attributes, { verdict, reason, error }) => {
  if (verdict === 'allow') return undefined
  const busy = tooBusy(error)
  if (busy !== undefined) return busy
  return forbidden(attributes, [error?.message ?? '', reason].filter((text) => text !== '').join(': '))
}

/** What is asked about one thing that is impersonated. There is no path to it. */
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
