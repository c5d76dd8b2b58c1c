import type { AuthenticationError } from '../authenticator/errors.ts'
import type { HttpAnswer, StatusError } from '../authenticator/status.ts'
import type { ChallengeHeaders } from './challenges.ts'
import { isCrossSite } from '../request/cross-site/ambient-credential.ts'
import { refusal, unauthorizedAnswer } from './refusal.ts'
import type { RefusedRequest } from './request-outcome.ts'

/** Makes the outcome of a request that an error refuses, or that has no credential. @param rest its other members. */
export type RefuseRequest = (
  error: AuthenticationError | undefined,
  challenges: ChallengeHeaders,
  warnings: readonly string[],
  unavailableStatus: 401 | 503,
  rest: Omit<RefusedRequest, 'failure'>,
) => RefusedRequest

/** With its error as an own property, so that copies of the outcome have it too. */
export const refusedAtOnce: RefuseRequest = (error, challenges, warnings, unavailableStatus, rest) => ({
  ...rest,
  failure: refusal(error, challenges, warnings, unavailableStatus),
})

/** With an error that is made when it is read, if it is a 401 without warnings. For code of ours, which does not copy outcomes. */
export const refusedOnDemand: RefuseRequest = (error, challenges, warnings, unavailableStatus, rest) =>
  warnings.length > 0 || (error !== undefined && (error.code !== 'rejected' || isCrossSite(error)))
    ? refusedAtOnce(error, challenges, warnings, unavailableStatus, rest)
    : new UnauthorizedRequest(challenges, error, rest)

/** The response to a refused request, without its error if that was not made before. Its headers are not to be changed. */
export function answerOf(outcome: RefusedRequest): HttpAnswer {
  return UnauthorizedRequest.answerOf(outcome)
}

/** The default answer needs no error, and creating one takes longer than looking up a token. */
class UnauthorizedRequest implements RefusedRequest {
  readonly headerChanges: RefusedRequest['headerChanges']
  readonly closesConnection: boolean
  readonly #challenges: ChallengeHeaders
  readonly #error: AuthenticationError | undefined
  #failure: StatusError | undefined = undefined

  /** @param challenges frozen. */
  constructor(
    challenges: ChallengeHeaders,
    error: AuthenticationError | undefined,
    { headerChanges, closesConnection }: Omit<RefusedRequest, 'failure'>,
  ) {
    this.#challenges = challenges
    this.#error = error
    this.headerChanges = headerChanges
    this.closesConnection = closesConnection
  }

  get failure(): StatusError {
    return (this.#failure ??= refusal(this.#error, this.#challenges, [], 401))
  }

  static answerOf(outcome: RefusedRequest): HttpAnswer {
    return #failure in outcome && outcome.#failure === undefined
      ? unauthorizedAnswer(outcome.#challenges)
      : outcome.failure
  }
}
