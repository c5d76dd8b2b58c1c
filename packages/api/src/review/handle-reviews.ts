import {
  anAuthorizer,
  AUTHENTICATED_GROUP,
  defined,
  isStatusError,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import { type Authorizer, authorizeRequest } from '@kube-authn/core/authorization'
import { answerDiscovery, discoveryDocuments, discoveryPaths } from '../discovery/documents.ts'
import { answerOf } from './answer-review.ts'
import {
  type HandleReviewsOptions,
  handleReviewsShape,
  reviewAnswers,
  type ReviewHandler,
} from './review-answers.ts'

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
 * 4. The documents of discovery, such as `/apis/authentication.k8s.io`, are for members of `system:authenticated`, too.
 *
 * Source: kubernetes `pkg/registry/{authentication,authorization}`; apiserver `pkg/endpoints/handlers/create.go`.
 *
 * Deviation: older versions are served too, and reviews about the caller need no role (`docs/deviations.md`, reviews; reviews about
 * oneself). A trailing slash is not removed, and query options such as `dryRun` are ignored (`docs/deviations.md`, paths of reviews;
 * options of reviews). `/api` and `/apis` are left to the app by default (`docs/deviations.md`, discovery of reviews).
 *
 * @param authorizer decides who may create reviews, and answers access reviews.
 * @throws {ConfigurationError} when an option is invalid.
 * @example
 * const handle = handleReviews(rbac(policy), { tokens: [tokenFile(csv)] })
 * const answer = await handle(fetchRequest(request), fetchBody(request), { user })
 * return answer === undefined ? next() : responseOf(answer)
 */
export function handleReviews(authorizer: Authorizer, options: HandleReviewsOptions = {}): ReviewHandler {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(handleReviewsShape, options))
  const { tokens, audiences, discovery, observer, log } = options
  if (tokens === undefined && audiences !== undefined) {
    refuseProblems([{ path: 'audiences', message: 'means nothing without tokens' }])
  }
  const authorize = authorizeRequest(authorizer, defined({ observer, log }))
  const reviews = reviewAnswers(authorizer, options, async ({ request, user, context, isForEveryUser }) => {
    if (isForEveryUser && user.groups.includes(AUTHENTICATED_GROUP)) return undefined
    const outcome = await authorize(request, user, context)
    return 'failure' in outcome ? outcome.failure : undefined
  })
  const resources = [...reviews.resources, ...(discovery ?? [])]
  const paths = new Set(discoveryPaths(resources))
  if (discovery !== undefined) paths.add('/api').add('/apis')

  return function handleReview(request, body, given = {}) {
    const answer = reviews.handle(request, body, given)
    if (answer !== undefined) return answer
    if (!paths.has(request.path.replace(/(?<=.)\/$/, ''))) return undefined
    return answerOf(async () => {
      const caller = await reviews.admit(request, given, request.method === 'GET')
      return isStatusError(caller) ? caller : answerDiscovery(request, discoveryDocuments(resources))
    })
  }
}
