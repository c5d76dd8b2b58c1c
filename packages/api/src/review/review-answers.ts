import { fieldValidationOf } from '../objects/field-validation.ts'
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access-reviews.ts'
import { answerOf, answerReview, requirePost } from './answer-review.ts'
import type { ReviewKind } from './kind.ts'
import { selfSubjectReview } from './self-subject-review.ts'
import { selfSubjectRulesReview } from './self-subject-rules-review.ts'
import {
  contextOf,
  internalError,
  isStatusError,
  noUser,
  type ReadBody,
  systemClock,
} from '@kube-authn/core/internal'
import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { AuthenticationRequest, Awaitable, Context, UserInfo } from '@kube-authn/core'
import type { DiscoveryResource } from '../discovery/resource.ts'
import type { HandleReviewsOptions } from './handle-reviews-options.ts'
import { tokenReview, tokenReviewer, writtenByServer } from './token-review.ts'

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

/** A request whose user is known. */
export interface AdmittedRequest {
  readonly request: AuthenticationRequest
  readonly user: UserInfo
  readonly context: Context
  /** Whether every authenticated user may make it. */
  readonly isForEveryUser: boolean
}

/** Decides whether a user may make a request. @returns the refusal, if not. */
export type Admit = (asked: AdmittedRequest) => Awaitable<StatusError | undefined>

/** The review APIs. */
export interface ReviewAnswers {
  readonly handle: ReviewHandler
  /** What is served, for discovery. */
  readonly resources: readonly DiscoveryResource[]
  /** Decides about any request. @returns its user, or the refusal. */
  admit(
    request: AuthenticationRequest,
    given: ReviewContext,
    isForEveryUser: boolean,
  ): Promise<StatusError | UserInfo>
}

/** The review APIs, without a decision of their own who may use them. @param options sound ones. */
export function reviewAnswers(
  authorizer: Authorizer,
  options: HandleReviewsOptions,
  admit: Admit,
): ReviewAnswers {
  const { observer } = options
  const served = servedReviews(authorizer, options)
  const byResource = new Map(served.map((each) => [`${each.group}/${each.resource}`, each]))

  const admitOne: ReviewAnswers['admit'] = async (request, given, isForEveryUser) => {
    const { user } = given
    // JavaScript callers may pass `null`; a request without a user must not be authorized.
    if (user === undefined || user === null)
      return internalError(request, 'no User found in the context', { cause: noUser() })
    const refused = await admit({ request, user, context: contextOf(observer, given), isForEveryUser })
    return refused ?? user
  }

  return {
    admit: admitOne,
    resources: served.flatMap(resourcesOf),
    handle(request, body, given = {}) {
      if (request.refusal !== undefined) return Promise.resolve(request.refusal)
      const {
        group = '',
        version = '',
        namespace = '',
        resource = '',
      } = PATH.exec(request.path)?.groups ?? {}
      const review = byResource.get(`${group}/${resource}`)
      if (review === undefined || !review.versions.includes(version)) return undefined
      if ((namespace !== '') !== (review.isNamespaced ?? false)) return undefined

      return answerOf(async () => {
        const isForEveryUser = request.method === 'POST' && (review.isAboutCaller ?? false)
        const caller = await admitOne(request, given, isForEveryUser)
        if (isStatusError(caller)) return caller
        requirePost(request)
        const asked = { caller, namespace, context: contextOf(observer, given) }
        return answerReview(review, request, body, asked, {
          ...options,
          status: 201,
          versions: [version],
          validation: fieldValidationOf(request.query),
        })
      })
    },
  }
}

function resourcesOf({
  group,
  versions,
  kind,
  resource,
  isNamespaced = false,
}: ReviewKind): DiscoveryResource[] {
  const own = { group, kind, plural: resource, singular: kind.toLowerCase(), isNamespaced, verbs: ['create'] }
  return versions.map((version) => ({ ...own, version }))
}

function servedReviews(
  authorizer: Authorizer,
  { tokens, audiences, clock = systemClock }: HandleReviewsOptions,
): readonly ReviewKind[] {
  const ofTokens =
    tokens === undefined ? [] : [tokenReview(tokenReviewer(tokens, audiences, 'status'), writtenByServer)]
  return [
    ...ofTokens,
    selfSubjectReview(clock),
    subjectAccessReview(authorizer),
    localSubjectAccessReview(authorizer),
    selfSubjectAccessReview(authorizer),
    selfSubjectRulesReview(authorizer),
  ]
}

/** Matches only paths with a single spelling, so routers, proxies and authorizers all read them alike. */
const PATH =
  /^\/apis\/(?<group>[a-z0-9.]{1,63})\/(?<version>v[a-z0-9]{1,16})\/(?:namespaces\/(?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/)?(?<resource>[a-z]{1,63})$/
