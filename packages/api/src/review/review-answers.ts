import { fieldValidationOf } from '../objects/field-validation.ts'
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access-reviews.ts'
import { answerOf, answerReview, type BodyLimit, bodyLimitShape, requirePost } from './answer-review.ts'
import type { ReviewKind } from './kind.ts'
import { selfSubjectReview, selfSubjectRulesReview } from './self-subject-reviews.ts'
import {
  aClock,
  aLog,
  contextOf,
  internalError,
  isStatusError,
  noUser,
  someAudiences,
  type ReadBody,
  systemClock,
} from '@kube-authn/core/internal'
import { aFunction, type HttpAnswer, type OptionsShape, type StatusError } from '@kube-authn/core/adapter'
import type { Authorizer } from '@kube-authn/core/authorization'
import type {
  AuthenticationRequest,
  Awaitable,
  Clock,
  Context,
  Log,
  Observer,
  TokenAuthenticator,
  UserInfo,
} from '@kube-authn/core'
import { type DiscoveryResource, someDiscoveryResources } from '../discovery/resource.ts'
import { someTokenAuthenticators, tokenReview, tokenReviewer, writtenByServer } from './token-review.ts'

/** Options of `handleReviews`. The same in every adapter. */
export interface HandleReviewsOptions extends BodyLimit {
  /** The token authenticators, in the order they are tried. Without this option TokenReviews are not served. */
  readonly tokens?: readonly TokenAuthenticator[]
  /** The audiences that tokens must be valid for if a review names none (`--api-audiences`). Must not be empty. Default: no restriction. */
  readonly audiences?: readonly string[]
  /**
   * The resources of the app. With this option, `/api` and `/apis` are answered with these and the reviews, and so are the documents of their groups: with them `kubectl auth can-i`
   * knows the resources, and does not warn. Default: only the documents of the review groups are answered, and the app's own `/api` and `/apis` are left alone.
   */
  readonly discovery?: readonly DiscoveryResource[]
  readonly clock?: Clock
  /** Receives the decision of every authenticator and authorizer. */
  readonly observer?: Observer
  /** Where refused requests are logged. Default: `console` in development, and for errors only in production. */
  readonly log?: Log
}

/** The checks of {@link HandleReviewsOptions}. */
export const handleReviewsShape: OptionsShape<HandleReviewsOptions> = {
  ...bodyLimitShape,
  tokens: someTokenAuthenticators,
  audiences: someAudiences,
  discovery: someDiscoveryResources,
  clock: aClock,
  observer: aFunction,
  log: aLog,
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
