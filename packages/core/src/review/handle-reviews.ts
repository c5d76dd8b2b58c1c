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
  /** Who knows bearer tokens, in the order they are asked. Without any there are no TokenReviews. */
  readonly tokens?: readonly TokenAuthenticator[]
  /** What tokens must be valid for, unless a review says otherwise (`--api-audiences`). Must not be empty. Default: no restriction. */
  readonly audiences?: readonly string[]
  readonly clock?: Clock
  /** Told what every authenticator and authorizer thought. */
  readonly observer?: Observer
}

const shape: OptionsShape<HandleReviewsOptions> = {
  ...bodyLimitShape,
  tokens: someTokenAuthenticators,
  audiences: someAudiences,
  clock: aClock,
  observer: aFunction,
}

/** What is known of a request beyond itself. */
export interface ReviewContext extends Pick<Context, 'signal'> {
  /** Who makes it: whom authentication and impersonation found out. */
  readonly user?: UserInfo | undefined
}

/**
 * Answers a request for a review; `undefined`, at once, when it is for something else. It never throws and never rejects: what is
 * refused is an answer too.
 */
export type ReviewHandler = (
  request: AuthenticationRequest,
  body: ReadBody,
  context?: ReviewContext,
) => Promise<HttpAnswer> | undefined

/**
 * The review APIs of Kubernetes at their own paths, below `/apis/authentication.k8s.io` and `/apis/authorization.k8s.io`: who am I, whose
 * is this token, may I do this, what may I do, may somebody else. `kubectl auth whoami` and `kubectl auth can-i` ask them.
 *
 * 0. A request of which a part is missing is refused as its `refusal` says, whatever it is for.
 * 1. SelfSubjectReview, SelfSubjectAccessReview and SelfSubjectRulesReview are for everybody in `system:authenticated`. For anything else
 *    the authorizer must allow the caller to `create` it, else 403.
 * 2. Any other method than POST is a 403 unless the authorizer allows it, and then a 405.
 * 3. The body is JSON or protobuf, the answer is 201 in JSON.
 *
 * Source: kubernetes `pkg/registry/{authentication,authorization}`; apiserver `pkg/endpoints/handlers/create.go`.
 *
 * Deviation: older versions are there, and reviews about the caller need no role (`docs/deviations.md`, reviews; reviews about
 * oneself). A slash behind a path is not cut off, and options in a query do not count (`docs/deviations.md`, paths of reviews; options of reviews).
 *
 * @param authorizer decides who may ask, and is what access reviews ask.
 * @throws {ConfigurationError} when the options cannot work.
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
      // Not every caller is type-checked, and nobody must become somebody here.
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

/** Nothing in it can be written in more than one way, so everybody who looks at the path sees the same. */
const PATH =
  /^\/apis\/(?<group>[a-z0-9.]{1,63})\/(?<version>v[a-z0-9]{1,16})\/(?:namespaces\/(?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/)?(?<resource>[a-z]{1,63})$/
