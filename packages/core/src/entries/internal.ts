/** What the other packages of kube-authn use besides the public entries. It is not for apps: there is no promise between versions. @module */
export { hmacSha256, sha256, sha256Hex } from '#sha256'
export { type Ending, fetchEnding, keepAlive } from '../adapter/fetch-ending.ts'
export { isNodeResponse } from '../adapter/incoming-message/client.ts'
export { isNodeRequest } from '../adapter/incoming-message/incoming-message.ts'
export { COMPLETE_FIELDS } from '../adapter/incoming-message/node-request.ts'
export {
  authenticationOf,
  authenticationShape,
  nodeAuthentication,
  optionsThatLack,
} from '../adapter/middleware/authentication.ts'
export * from '../adapter/middleware/authorization.ts'
export * from '../adapter/middleware/impersonation.ts'
export * from '../adapter/request-states.ts'
export { requestStates, type RequestStates } from '../internal/request-states.ts'
export { type AnswerHeaders, AUDIT_ID_HEADER, auditIdOf } from '../audit/audit-id.ts'
export { intersectAudiences } from '../authenticator/audiences.ts'
export { presentsCertificate } from '../authenticator/bound-certificate.ts'
export type {
  AnyAuthenticator,
  AuthenticationScheme,
  KnownCredential,
} from '../authenticator/authenticator.ts'
export { certificateIdOf } from '../authenticator/certificate-id.ts'
export type { CredentialRevocation } from '../authenticator/credential-revocation.ts'
export {
  asAuthenticationError,
  isAuthenticationError,
  isConfigurationError,
  isFault,
} from '../authenticator/errors.ts'
export {
  type AuditActivityEvent,
  type AuditLevel,
  type AuditStage,
  type AuthorizationEvent,
  CLIENT_CLOSED_REQUEST,
  type FileNotice,
  type ImpersonationEvent,
  type LeaderElectionEvent,
  type Outcome,
  type ReceivedEvent,
  type ReloadEvent,
  type RequestEvent,
  type ResponseEvent,
} from '../authenticator/events.ts'
export type { ApiRequestKind, RequestInFlightEvent } from '../authenticator/server-events.ts'
export type { StoreCopyEvent, StoreOperation } from '../authenticator/store-events.ts'
export { loggingObserver } from '../authenticator/notify.ts'
export { isStatusError } from '../authenticator/status.ts'
export { untilExpiryShape } from '../authenticator/until-expiry.ts'
export { isUnicodeUser, NOT_UNICODE, userJson, type UserJson } from '../authenticator/user-json.ts'
export {
  ANONYMOUS_USERNAME,
  AUTHENTICATED_GROUP,
  isUnauthenticated,
  type UserInfoInit,
} from '../authenticator/user.ts'
export {
  type AuthorizeRequestContext,
  type AuthorizeRequestOptions,
  authorizeRequestShape,
} from '../authorization/authorize-request.ts'
export type { UserRules } from '../authorization/authorizer.ts'
export { forbidden } from '../authorization/forbidden.ts'
export { aPathPrefix, belowPrefix, prefixProblems } from '../authorization/path-prefix.ts'
export { attributesBelow } from '../authorization/request-attributes.ts'
export { nonResourceInfo, requestInfoWithoutSelectors } from '../authorization/request-info/request-info.ts'
export { namedUnion } from '../authorization/union-authorizer.ts'
export { rulesOf } from '../authorization/rules-of.ts'
export { parseFieldSelector } from '../authorization/selectors/field-selector.ts'
export { parseLabelSelector } from '../authorization/selectors/label-selector.ts'
export type { SelectorRequirement } from '../authorization/selectors/selector.ts'
export { hasState, knownRequest } from '../adapter/explain/known-request.ts'
export { failedAuthenticationMessage } from '../handler/attempted.ts'
export {
  type AuthenticateRequestContext,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from '../handler/authenticate-request-options.ts'
export { guardShape, type UserGuardOptions } from '../handler/guard/guard.ts'
export { groupsGuard, scopeGuardShape, type ScopeOptions } from '../handler/guard/guards.ts'
export type { RequiredValues } from '../handler/guard/requirement.ts'
export { IMPERSONATES, leadsToImpersonation } from '../handler/impersonation-rule.ts'
export type { AuthenticatedRequest, HeldRequest, RefusedRequest } from '../handler/request-outcome.ts'
export type { RequestTracing } from '../handler/tracing.ts'
export {
  type ImpersonateRequestOptions,
  impersonateRequestShape,
} from '../impersonation/impersonate-request-options.ts'
export { fetchBody, type ReadBody } from '../request/body.ts'
export { andThen, isPromiseLike, settle } from '../internal/awaitable.ts'
export * from '../internal/base64url.ts'
export { elapsedTimeOf, systemClock } from '../internal/clock.ts'
export { byCodeUnits, isEqualInConstantTime } from '../internal/compare.ts'
export { keyedDigest } from '../internal/digest/keyed-digest.ts'
export { ErrorList, errorList, type FieldError } from '../internal/field/errors.ts'
export { printedSeconds, readDuration } from '../internal/field/go-duration.ts'
export { type FieldPath, fieldPath } from '../internal/field/path.ts'
export { type ObjectReader, readObject } from '../internal/field/reader.ts'
export { quoted, shownName } from '../internal/field/shown-name.ts'
export { deadlineAfter } from '../internal/http/deadline.ts'
export { discard, type HttpResponse } from '../internal/http/response.ts'
export { withFault } from '../internal/http/fault.ts'
export { BodyTooLongError, textOf } from '../internal/http/response-text.ts'
export { limitConcurrency } from '../internal/limit-concurrency.ts'
export { advise } from '../internal/log/app-warnings.ts'
export { logFailure } from '../internal/log/log-failure.ts'
export { isObject, type JsonObject, member, memberOf, stringMemberOf } from '../internal/objects.ts'
export * from '../internal/options/authenticators.ts'
export {
  anything,
  aString,
  atLeast,
  type Check,
  either,
  must,
  neverUnset,
  nonEmptyListOf,
  problemOf,
  recordOf,
  withMethods,
} from '../internal/options/check.ts'
export {
  aClock,
  aHeaderName,
  aKubernetesVersion,
  aLog,
  anIterable,
  anOrigin,
  someAudiences,
} from '../internal/options/common.ts'
export { nearestName } from '../internal/options/nearest-name.ts'
export {
  type AnyShape,
  nested,
  optionProblems,
  refuseProblems,
  replaceProblems,
  withFurtherProblems,
} from '../internal/options/shape.ts'
export { urlProblems } from '../internal/options/url.ts'
export { defined, without } from '../internal/options/without.ts'
export { firstValues, percentDecoded } from '../internal/query.ts'
export { systemRandom } from '../internal/random.ts'
export { RecentMap } from '../internal/recent-map.ts'
export { BUSY_SECONDS, retryAfter } from '../internal/retry-after.ts'
export { canWorkInBackground } from '../internal/runtime.ts'
export { type Precondition, valueOf } from '../internal/secret.ts'
export { GRACE_MS, isDone } from '../internal/shared-work.ts'
export { singleFlight } from '../internal/single-flight.ts'
export { finish, inOneStep, type Steps } from '../internal/steps.ts'
export { learnDate, type StoreTime, storeTime } from '../internal/store-time.ts'
export { tell } from '../internal/tell.ts'
export { errorOf, messageOf } from '../internal/thrown.ts'
export { trimmed } from '../internal/trimmed.ts'
export { callDeadline } from '../internal/webhook-call/deadline.ts'
export { post, type PostOptions } from '../internal/webhook-call/post.ts'
export { withRetries } from '../internal/webhook-call/retry.ts'
export { WebhookCallError } from '../internal/webhook-call/webhook-call-error.ts'
export type { WebhookFetch, WebhookFetchInit } from '../internal/webhook-call/options.ts'
export { logRefusal } from '../logging/log-refusal.ts'
export {
  aBooleanOrAnonymousConfig,
  type AnonymousConfig,
  resolveAnonymous,
  validateAnonymousConfig,
} from '../request/anonymous/config.ts'
export {
  MAX_TOKEN_LENGTH,
  orRefuse,
  type TokenExtractionOptions,
  tokenExtractionShape,
  unknownToken,
} from '../request/bearer-token.ts'
export { trimAscii } from '../request/bearer-token.ts'
export { crossSiteRejection } from '../request/cross-site/ambient-credential.ts'
export { hostOf, mayChange, onlyOne, opensConnection, siteOf } from '../request/cross-site/request-site.ts'
export { exactHeaders } from '../request/headers/exact.ts'
export { joinedHeaders } from '../request/headers/joined.ts'
export { aRevocationSource, revocationsOf, type RevocationSource } from '../revocation/revocations.ts'
export { signedPartOf } from '../revocation/token-digests.ts'
export { type Watch, watchAny } from '../revocation/watch-any.ts'
export * from '../internal/status-errors.ts'
export { checkedUser } from '../authenticator/user.ts'
export { askToken, attempt, consult } from '../authenticator/consult.ts'
export { WaitingContext } from '../authenticator/context.ts'
export { noUser } from '../authenticator/no-user.ts'
export { contextOf } from '../authorization/authorize-request.ts'
export { internalError } from '../authorization/error-answers.ts'
export type { Selector } from '../authorization/selectors/selector.ts'
export { colonsOf, endOfString } from '../internal/json/colons.ts'
export { withWarnings } from '../internal/warning-headers.ts'
export type { CryptoKey } from '../token/jwt/verification-key.ts'
export { CLIENT_ID_KEY, scopesOf } from '../authenticator/extra-keys.ts'
export { aScope } from '../handler/authenticate-request-options.ts'
export { requireConfirmation } from '../token/confirmation.ts'
export { strictJson } from '../token/jwt/strict-json.ts'
export { unauthorizedFor } from '../handler/refusal.ts'
export { encodeExtraKey } from '../request/headers/extra-key.ts'
export { type IdentityHeader, identityHeaders } from '../request/headers/identity-headers.ts'
