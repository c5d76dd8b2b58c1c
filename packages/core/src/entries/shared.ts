/**
 * What our adapters, `@kube-authn/passport` and `@kube-authn/testing` use: `@kube-authn/core/adapter`, and more. It is no public entry: any release may
 * change it.
 *
 * On Node without a bundler, names in `imports` of package.json stand for this file as well, which nearly every app reads anyway: finding another takes Node half a
 * millisecond. So no module that it contains may import such a name.
 *
 * @module
 */
export { type Ending, fetchEnding } from '../adapter/fetch-ending.ts'
export { applyHeaderChanges } from '../adapter/incoming-message/apply-header-changes.ts'
export { incomingMessageBody } from '../adapter/incoming-message/body.ts'
export {
  clientContext,
  closeConnection,
  type NodeResponse,
  whenOver,
} from '../adapter/incoming-message/client.ts'
export { incomingMessageRequest } from '../adapter/incoming-message/incoming-message.ts'
export { COMPLETE_FIELDS, type NodeRequest } from '../adapter/incoming-message/node-request.ts'
export { requirePeerCertificates } from '../adapter/incoming-message/require-peer-certificates.ts'
export { authenticationOf, authenticationShape } from '../adapter/middleware/authentication.ts'
export {
  authorizationOf,
  type AuthorizationOptionsOf,
  authorizationShape,
} from '../adapter/middleware/authorization.ts'
export { guardOf, type RequireOptionsOf } from '../adapter/middleware/guard.ts'
export {
  impersonationOf,
  type ImpersonationOptionsOf,
  impersonationShape,
} from '../adapter/middleware/impersonation.ts'
export { type ReviewWebhookOptions, reviewWebhookOf } from '../adapter/middleware/token-review-webhook.ts'
export {
  NO_AUTHENTICATION,
  requireAuthentication,
  RequestState,
  type RequestStates,
  requestStates,
  settleUser,
  type Users,
  usersAsProperty,
} from '../adapter/request-states.ts'
export { type AnswerHeaders, AUDIT_ID_HEADER, Received } from '../audit/audit-id.ts'
export { advise } from '../internal/log/app-warnings.ts'
export { intersectAudiences } from '../authenticator/audiences.ts'
export type { AnyAuthenticator, AuthenticationScheme } from '../authenticator/authenticator.ts'
export { CREDENTIAL_ID_KEY } from '../authenticator/credential-id.ts'
export { isAuthenticationError, isFault } from '../authenticator/errors.ts'
export { notify } from '../authenticator/notify.ts'
export type { Log } from '../authenticator/log.ts'
export { type HttpAnswer, isStatusError, responseOf, StatusError } from '../authenticator/status.ts'
export { AUTHENTICATED_GROUP, isUnauthenticated, type UserInfoInit } from '../authenticator/user.ts'
export {
  authorizeRequest,
  type AuthorizeRequestOptions,
  authorizeRequestShape,
} from '../authorization/authorize-request.ts'
export { prefixProblems } from '../authorization/path-prefix.ts'
export {
  type AuthenticateRequestContext,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from '../handler/authenticate-request-options.ts'
export { authenticateRequest } from '../handler/authenticate-request.ts'
export type {
  AuthenticatedRequest,
  HeldRequest,
  RefusedRequest,
  RequestOutcome,
} from '../handler/request-outcome.ts'
export { type Guard, type UserGuardOptions, guardShape } from '../handler/guard/guard.ts'
export {
  groupsGuard,
  scopeGuardShape,
  type ScopeOptions,
  scopesGuard,
  userGuard,
} from '../handler/guard/guards.ts'
export type { RequiredValues } from '../handler/guard/requirement.ts'
export { IMPERSONATES, leadsToImpersonation } from '../handler/impersonation-rule.ts'
export {
  type ImpersonateRequestOptions,
  impersonateRequestShape,
} from '../impersonation/impersonate-request-options.ts'
export { impersonateRequest } from '../impersonation/impersonate-request.ts'
export { fetchBody } from '../internal/api/body.ts'
export { isPromiseLike } from '../internal/awaitable.ts'
export { base64urlOf, bytesOfBase64url, isCanonicalBase64url } from '../internal/base64url.ts'
export { systemClock } from '../internal/clock.ts'
export { isEqualInConstantTime } from '../internal/constant-time.ts'
export { isObject, memberOf } from '../internal/objects.ts'
export {
  anAuthorizer,
  aRequestAuthenticator,
  aTokenAuthenticator,
} from '../internal/options/authenticators.ts'
export {
  aBoolean,
  above,
  aFunction,
  aNonEmptyString,
  anything,
  aString,
  atLeast,
  type Check,
  either,
  listOf,
  must,
  nonEmptyListOf,
  oneOf,
  required,
  wholeNumber,
  withMethods,
} from '../internal/options/check.ts'
export { aClock, aHeaderName, anIterable, anOrigin } from '../internal/options/common.ts'
export {
  type AnyShape,
  checkOptions,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../internal/options/shape.ts'
export { without } from '../internal/options/without.ts'
export { RecentMap } from '../internal/recent-map.ts'
export { singleFlight } from '../internal/single-flight.ts'
export { warningHeaders } from '../internal/warning-headers.ts'
export { ambientCredential, crossSiteRejection } from '../request/cross-site/ambient-credential.ts'
export { mayChange, onlyOne, opensConnection, siteOf } from '../request/cross-site/request-site.ts'
export { fetchRequest } from '../request/fetch-request.ts'
export { exactHeaders } from '../request/headers/exact.ts'
export { withHeaderChanges } from '../request/headers/fetch-changes.ts'
export { aRevocationSource, type RevocationSource, revocationsOf } from '../revocation/revocations.ts'
export { type Watch, watchAny } from '../revocation/watch-any.ts'
export { handleReviews } from '../review/handle-reviews.ts'
export type { HandleReviewsOptions } from '../review/handle-reviews-options.ts'
export {
  handleTokenReviews,
  type HandleTokenReviewsOptions,
  handleTokenReviewsShape,
} from '../review/handle-token-reviews.ts'
export type { InitialObjects } from '../token/service-account/objects.ts'
export type { ServiceAccountTokenOptions } from '../token/service-account/service-account.ts'
export { celCompiler } from '../internal/cel/on-demand.ts'
export { type CsvError, parse } from '../internal/csv/parser/on-demand.ts'
export { hmacSha256, sha256, sha256Hex } from '../internal/digest/native.ts'
export { yamlParser } from '../internal/yaml/parser/on-demand.ts'
