import { audienceAgnostic, intersectAudiences } from '../authenticator/audiences.ts'
import type { Authentication, TokenAuthenticator } from '../authenticator/authenticator.ts'
import { andThen, type Awaitable, settle } from '../internal/awaitable.ts'
import { internalFailure, serviceUnavailable } from '../internal/api/errors.ts'
import { MAX_TOKEN_LENGTH } from '../request/bearer-token/bearer-token.ts'
import { consultToken } from '../authenticator/consult.ts'
import { type Context, WaitingContext } from '../authenticator/context.ts'
import { asAuthenticationError, rejected } from '../authenticator/errors.ts'
import { checkedAnswer } from '../handler/checked-answer.ts'
import { aTokenAuthenticator, type Check, nonEmptyListOf } from '../internal/options/index.ts'
import { isStatusError } from '../authenticator/status.ts'
import { union } from '../authenticator/union/union.ts'
import { isUnicodeUser, NOT_UNICODE, userJson, type UserJson } from '../authenticator/user-json.ts'

/** The status of a TokenReview. */
export interface TokenReviewStatus {
  readonly authenticated: boolean
  readonly user?: UserJson
  /** Which of the audiences that were asked for the token is valid for; absent where nobody knows anything about audiences. */
  readonly audiences?: readonly string[]
  /** Why the token could not be checked, or what is wrong with it. */
  readonly error?: string
}

/** Says whose a token is. @param requested what it must be valid for; none: the audiences of this server. */
export type ReviewToken = (
  token: string,
  requested: readonly string[],
  context: Context,
) => Awaitable<TokenReviewStatus>

/**
 * Says whose tokens are, as a TokenReview does. Only token authenticators are asked, in order: a token cannot be taken for anything else,
 * and nobody is anonymous here.
 *
 * Without `audiences` of its own the server is not aware of audiences, as the API calls it: what knows nothing of them accepts a token
 * whatever was asked for, and says so by naming none. The client then takes it to be valid for itself, or not at all.
 *
 * Source: kubernetes `pkg/registry/authentication/tokenreview/storage.go`.
 *
 * Deviation: kube-apiserver makes a request of the token and runs its whole chain (`docs/deviations.md`, TokenReview; tokens of TokenReviews).
 *
 * @param audiences what tokens must be valid for unless a review says otherwise (`--api-audiences`).
 * @param outages how it is told that a token could not be checked: as the `error` of a status, which is also what is wrong with a bad
 *   token; or as a 503, so that the client can tell the one from the other.
 */
export function tokenReviewer(
  tokens: readonly TokenAuthenticator[],
  audiences: readonly string[] | undefined,
  outages: 'status' | 503,
): ReviewToken {
  const known = union<TokenAuthenticator>(
    ...tokens.map((each) =>
      audiences === undefined || each.audienceAware ? each : audienceAgnostic(audiences, each),
    ),
  )

  /** @throws {AuthenticationError} when there is such a user, and nobody can be told. */
  const statusOf = (
    answer: Authentication | undefined,
    wanted: readonly string[] | undefined,
  ): TokenReviewStatus => {
    if (answer === undefined) return { authenticated: false }
    const { user, audiences: valid = [] } = checkedAnswer(answer, undefined)
    const knowsAudiences = audiences !== undefined || valid.length > 0
    if (wanted !== undefined && knowsAudiences && intersectAudiences(wanted, valid).length === 0) {
      throw internalFailure('error validating audiences')
    }
    if (!isUnicodeUser(user)) throw rejected(NOT_UNICODE)
    return { authenticated: true, user: userJson(user), ...(valid.length > 0 && { audiences: valid }) }
  }

  return (token, requested, context) => {
    const wanted = requested.length > 0 ? requested : audiences
    return settle<TokenReviewStatus, TokenReviewStatus>(
      () => {
        if (token.length > MAX_TOKEN_LENGTH) {
          throw rejected(`bearer token is longer than ${MAX_TOKEN_LENGTH} characters`)
        }
        const asked = new WaitingContext(context, context.observer, wanted)
        return andThen(consultToken(known, token, asked), (answer) => statusOf(answer, wanted))
      },
      (status) => status,
      (thrown) => {
        if (isStatusError(thrown)) throw thrown
        const error = asAuthenticationError(thrown)
        const isBusy = error.retryAfterSeconds !== undefined
        if (isBusy || (error.code === 'unavailable' && outages === 503)) {
          throw serviceUnavailable(error.message, error, error.retryAfterSeconds)
        }
        return { authenticated: false, error: error.message }
      },
    )
  }
}

/** The check of those who know tokens. */
export const someTokenAuthenticators: Check = nonEmptyListOf(aTokenAuthenticator)
