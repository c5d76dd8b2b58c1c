import { authorizeRequest, contextOf } from '../authorization/authorize-request.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { internalError } from '../authorization/internal-error.ts'
import { noUser } from '../authorization/no-user.ts'
import type { ReadBody } from '../internal/api/body.ts'
import { fieldValidationOf } from '../internal/api/field-validation.ts'
import type { TokenAuthenticator } from '../authenticator/authenticator.ts'
import { type Clock, systemClock } from '../internal/clock.ts'
import type { Context } from '../authenticator/context.ts'
import type { Observer } from '../authenticator/events.ts'
import {
  aClock,
  aFunction,
  anAuthorizer,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  someAudiences,
} from '../internal/options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { HttpAnswer } from '../authenticator/status.ts'
import { AUTHENTICATED_GROUP, type UserInfo } from '../authenticator/user.ts'
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access-reviews.ts'
import { answerOf, answerReview, type BodyLimit, bodyLimitShape, requirePost } from './answer-review.ts'
import type { ReviewKind } from './kind.ts'
import { someTokenAuthenticators, tokenReviewer } from './review-token.ts'
import { selfSubjectReview } from './self-subject-review.ts'
import { selfSubjectRulesReview } from './self-subject-rules-review.ts'
import { tokenReview, writtenByServer } from './token-review.ts'

/** Options of {@link handleReviews}. The same in every adapter. */
export interface HandleReviewsOptions extends BodyLimit {
  /** The token authenticators, in the order they are tried. Without this option TokenReviews are not served. */
  readonly tokens?: readonly TokenAuthenticator[]
  /** The audiences that tokens must be valid for if a review names none (`--api-audiences`). Must not be empty. Default: no restriction. */
  readonly audiences?: readonly string[]
  readonly clock?: Clock
  /** Receives the decision of every authenticator and authorizer. */
  readonly observer?: Observer
}

const shape: OptionsShape<HandleReviewsOptions> = {
  ...bodyLimitShape,
  tokens: someTokenAuthenticators,
  audiences: someAudiences,
  clock: aClock,
  observer: aFunction,
}

/** What is known about a request besides the request itself. */
export interface ReviewContext extends Pick<Context, 'signal'> {
  /** The user of the request, after authentication and impersonation. */
  readonly user?: UserInfo | undefined
}

/**
 * Answers review requests. Returns `undefined`, synchronously, for any other request. It never throws and never rejects: refusals are
 * returned as answers.
 */
export type ReviewHandler = (
  request: AuthenticationRequest,
  body: ReadBody,
  context?: ReviewContext,
) => Promise<HttpAnswer> | undefined

/**
 * Serves the review APIs of Kubernetes at their usual paths, below `/apis/authentication.k8s.io` and `/apis/authorization.k8s.io`:
 * SelfSubjectReview, TokenReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview and LocalSubjectAccessReview.
 * `kubectl auth whoami` and `kubectl auth can-i` use them.
 *
 * 0. An incomplete request is refused with its `refusal`, whatever its path.
 * 1. Members of `system:authenticated` may create SelfSubjectReviews, SelfSubjectAccessReviews and SelfSubjectRulesReviews. For all other
 *    requests the authorizer must allow the caller to `create` the review, else 403.
 * 2. A method other than POST gets a 403, or a 405 if the authorizer allows it.
 * 3. The body is JSON or protobuf; the answer is a 201 in JSON.
 *
 * Source: kubernetes `pkg/registry/{authentication,authorization}`; apiserver `pkg/endpoints/handlers/create.go`.
 *
 * Deviation: older versions are served too, and reviews about the caller need no role (`docs/deviations.md`, reviews; reviews about
 * oneself). A trailing slash is not removed, and query options such as `dryRun` are ignored (`docs/deviations.md`, paths of reviews;
 * options of reviews).
 *
 * @param authorizer decides who may create reviews, and answers access reviews.
 * @throws {ConfigurationError} when an option is invalid.
 * @example
 * const handle = handleReviews(rbac(policy), { tokens: [tokenFile(csv)] })
 * const answer = await handle(fetchRequest(request), fetchBody(request), { user })
 * return answer === undefined ? next() : responseOf(answer)
 */
export function handleReviews(authorizer: Authorizer, options: HandleReviewsOptions = {}): ReviewHandler {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(shape, options))
  const { tokens, audiences, clock = systemClock, observer } = options
  if (tokens === undefined && audiences !== undefined) {
    refuseProblems([{ path: 'audiences', message: 'means nothing without tokens' }])
  }
  const authorize = authorizeRequest(authorizer, observer === undefined ? {} : { observer })
  const kinds = new Map<string, ReviewKind>(
    [
      ...(tokens === undefined
        ? []
        : [tokenReview(tokenReviewer(tokens, audiences, 'status'), writtenByServer)]),
      selfSubjectReview(clock),
      subjectAccessReview(authorizer),
      localSubjectAccessReview(authorizer),
      selfSubjectAccessReview(authorizer),
      selfSubjectRulesReview(authorizer),
    ].map((kind) => [`${kind.group}/${kind.resource}`, kind]),
  )

  return function handleReview(request, body, given = {}) {
    if (request.refusal !== undefined) return Promise.resolve(request.refusal)
    const { group = '', version = '', namespace = '', resource = '' } = PATH.exec(request.path)?.groups ?? {}
    const kind = kinds.get(`${group}/${resource}`)
    if (kind === undefined || !kind.versions.includes(version)) return undefined
    if ((namespace !== '') !== (kind.isNamespaced ?? false)) return undefined

    return answerOf(async () => {
      const { user } = given
      const context = contextOf(observer, given)
      // JavaScript callers may pass `null`; a request without a user must not be authorized.
      if (user === undefined || user === null)
        return internalError(request, 'no User found in the context', { cause: noUser() })
      const isForEverybody = request.method === 'POST' && (kind.isAboutCaller ?? false)
      if (!isForEverybody || !user.groups.includes(AUTHENTICATED_GROUP)) {
        const outcome = await authorize(request, user, context)
        if ('failure' in outcome) return outcome.failure
      }
      requirePost(request)
      const asked = { caller: user, namespace, context }
      return answerReview(kind, request, body, asked, {
        ...options,
        status: 201,
        versions: [version],
        validation: fieldValidationOf(request.query),
      })
    })
  }
}

/** Matches only paths with a single spelling, so routers, proxies and authorizers all read them alike. */
const PATH =
  /^\/apis\/(?<group>[a-z0-9.]{1,63})\/(?<version>v[a-z0-9]{1,16})\/(?:namespaces\/(?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/)?(?<resource>[a-z]{1,63})$/
