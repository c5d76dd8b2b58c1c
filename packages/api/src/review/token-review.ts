import {
  audienceAgnostic,
  type Authentication,
  type Awaitable,
  type Context,
  rejected,
  type TokenAuthenticator,
  union,
} from '@kube-authn/core'
import {
  andThen,
  asAuthenticationError,
  aTokenAuthenticator,
  badRequest,
  type Check,
  checkedUser,
  askToken,
  consult,
  internalFailure,
  intersectAudiences,
  isStatusError,
  isUnicodeUser,
  MAX_TOKEN_LENGTH,
  nonEmptyListOf,
  NOT_UNICODE,
  serviceUnavailable,
  settle,
  userJson,
  type UserJson,
  WaitingContext,
} from '@kube-authn/core/internal'
import type { ReviewKind } from './kind.ts'
import { readTokenStatus } from './status.ts'

/**
 * Which user does this token authenticate?
 *
 * Source: api `authentication/v1` TokenReview; kubernetes `pkg/registry/authentication/tokenreview/storage.go`.
 *
 * Deviation: the answer does not repeat the token (`docs/deviations.md`, TokenReview).
 *
 * @param statusJson writes the status: as a server does, or as a webhook does.
 */
export function tokenReview(reviewToken: ReviewToken, statusJson: StatusJson): ReviewKind {
  return {
    group: 'authentication.k8s.io',
    versions: ['v1', 'v1beta1'],
    kind: 'TokenReview',
    resource: 'tokenreviews',
    readStatus: readTokenStatus,
    read(object) {
      const spec = object.object('spec')
      const token = spec?.string('token') ?? ''
      const audiences = spec?.strings('audiences') ?? []
      spec?.end()
      return ({ context }) => {
        if (token === '') throw badRequest('token is required for TokenReview in authentication')
        return andThen(reviewToken(token, audiences, context), (status) => ({
          spec: audiences.length > 0 ? { audiences } : {},
          status: statusJson(status),
        }))
      }
    },
  }
}

type StatusJson = (status: TokenReviewStatus) => object

/** As kube-apiserver writes it, except that `authenticated` is always present: `user` always is, and so is `error` for an unknown token. */
export const writtenByServer: StatusJson = ({ authenticated, user = {}, error, ...rest }) =>
  authenticated
    ? { authenticated, user, ...rest }
    : { authenticated, user, error: error ?? 'invalid bearer token' }

/** As documented for webhooks: `authenticated: false` for an unknown token. */
export const writtenByWebhook: StatusJson = (status) => status

/** The status of a TokenReview. */
export interface TokenReviewStatus {
  readonly authenticated: boolean
  readonly user?: UserJson
  /** The requested audiences that the token is valid for; absent if no audiences are known. */
  readonly audiences?: readonly string[]
  /** Why the token could not be checked, or why it is invalid. */
  readonly error?: string
}

/** Authenticates a token. @param requested the audiences it must be valid for; empty: those of this server. */
export type ReviewToken = (
  token: string,
  requested: readonly string[],
  context: Context,
) => Awaitable<TokenReviewStatus>

/**
 * Returns a function that authenticates the tokens of TokenReviews. Only the token authenticators are tried, in order: a token is never
 * read as another kind of credential, and there is no anonymous user.
 *
 * Without `audiences` the server is not "audience-aware" in the terms of the API: an authenticator without audience support accepts a token
 * whatever audiences were requested, and the answer names none. The client then decides whether to accept the token.
 *
 * Source: kubernetes `pkg/registry/authentication/tokenreview/storage.go`.
 *
 * Deviation: kube-apiserver builds a request with the token and runs its whole chain (`docs/deviations.md`, TokenReview; tokens of TokenReviews).
 *
 * @param audiences the audiences that tokens must be valid for if a review names none (`--api-audiences`).
 * @param outages how to report that a token could not be checked: as the `error` of the status, like an invalid token; or as a 503, which
 *   the client can distinguish from an invalid token.
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

  /** @throws {AuthenticationError} when the user cannot be represented in JSON. */
  const statusOf = (
    answer: Authentication | undefined,
    wanted: readonly string[] | undefined,
  ): TokenReviewStatus => {
    if (answer === undefined) return { authenticated: false }
    const user = checkedUser(answer.user)
    const { audiences: valid = [] } = answer
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
        const answer = consult(askToken, known, token, asked)
        return andThen(answer, (each) => statusOf(each, wanted))
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

/** The options check of a list of token authenticators. */
export const someTokenAuthenticators: Check = nonEmptyListOf(aTokenAuthenticator)
