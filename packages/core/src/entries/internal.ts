/**
 * Everything that the other packages of kube-authn use. It is no public entry: any release may change it. `@kube-authn/node` loads the core by this one
 * file, since Node.js takes half a millisecond to find each file.
 *
 * @module
 */
export { applyHeaderChanges } from '../adapter/incoming-message/apply-header-changes.ts'
export { incomingMessageRequest } from '../adapter/incoming-message/incoming-message.ts'
export { optionsThatLack } from '../adapter/middleware/authentication.ts'
export { auditIdOf, Received } from '../audit/audit-id.ts'
export { userJson, type UserJson } from '../authenticator/user-json.ts'
export { belowPrefix } from '../authorization/path-prefix.ts'
export { nonResourceInfo, requestInfoWithoutSelectors } from '../authorization/request-info/request-info.ts'
export { percentDecoded } from '../internal/percent.ts'
export { callDeadline } from '../internal/webhook-call/deadline.ts'
export { post, type PostOptions } from '../internal/webhook-call/post.ts'
export { withRetries } from '../internal/webhook-call/retry.ts'
export { WebhookCallError } from '../internal/webhook-call/webhook-call-error.ts'
export { advise } from '../internal/log/app-warnings.ts'
export { authorizeRequest } from '../authorization/authorize-request.ts'
export { impersonateRequest } from '../impersonation/impersonate-request.ts'
export {
  aBooleanOrAnonymousConfig,
  anonymous,
  type AnonymousCondition,
  type AnonymousConfig,
  type AnonymousOptions,
  type AnonymousSources,
  resolveAnonymous,
  validateAnonymousConfig,
} from '../request/anonymous/index.ts'
export { audienceAgnostic, intersectAudiences } from '../authenticator/audiences.ts'
export type {
  AnyAuthenticator,
  Authentication,
  AuthenticationScheme,
  Authenticator,
  CredentialDescription,
  HeaderChanges,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator/authenticator.ts'
export { andThen, type Awaitable, isPromiseLike } from '../internal/awaitable.ts'
export { basic, type BasicOptions } from '../request/basic/index.ts'
export { bearerToken, type TokenExtractionOptions } from '../request/bearer-token/index.ts'
export { aPathPrefix, prefixProblems } from '../authorization/path-prefix.ts'
export { attributesBelow } from '../authorization/request-attributes.ts'
export { type CredentialRevocation } from '../authenticator/credential-revocation.ts'
export { aRevocationSource, type RevocationSource } from '../revocation/revocations.ts'
export { watchAny } from '../revocation/watch-any.ts'
export { requireRevocation, revocationProblems } from '../revocation/revocation.ts'
export { unlessRevoked } from '../revocation/unless-revoked.ts'
export { untilExpiry, type UntilExpiryOptions, untilExpiryShape } from '../authenticator/until-expiry.ts'
export { authenticatorChain, type AuthenticatorChainOptions } from '../chain/chain.ts'
export { certificateIdOf } from '../authenticator/certificate-id.ts'
export { signedPartOf } from '../revocation/token-digests.ts'
export { readSerialNumber } from '../revocation/read-credential-id.ts'
export { type Clock, systemClock } from '../internal/clock.ts'
export { type Context, emptyContext } from '../authenticator/context.ts'
export {
  asAuthenticationError,
  AuthenticationError,
  type AuthenticationErrorCode,
  type AuthenticationErrorOptions,
  ConfigurationError,
  type ConfigurationProblem,
  isAuthenticationError,
  isConfigurationError,
  isFault,
  rejected,
  unavailable,
} from '../authenticator/errors.ts'
export type {
  AccessReviewCallEvent,
  AnnotationEvent,
  AccessReviewFailOpenEvent,
  AuditActivityEvent,
  AuditLevel,
  AuditStage,
  AuthenticationEvent,
  AuthorizationConfigReloadEvent,
  AuthorizationEvent,
  AuthorizationMatchConditionEvent,
  AuthorizerConsultedEvent,
  ClientCertificateExpirationEvent,
  ConsultedEvent,
  ConsultingEvent,
  FileNoticeEvent,
  FileNotice,
  IssuerDiscoveryEvent,
  ImpersonationCheckEvent,
  ImpersonationEvent,
  JwksFetchEvent,
  JwtAuthenticatorEvent,
  LeaderElectionEvent,
  Observer,
  Outcome,
  ReceivedEvent,
  ReloadEvent,
  RequestEvent,
  RevokedCredentialEvent,
  ResponseEvent,
  ServerCertificateEvent,
  ServiceAccountTokenEvent,
  TokenCacheActiveFetchEvent,
  TokenCacheFetchEvent,
  TokenCacheRequestEvent,
  TokenReviewCallEvent,
} from '../authenticator/events.ts'
export { logRefusal } from '../logging/log-refusal.ts'
export { loggingObserver, notify } from '../authenticator/notify.ts'
export { tell } from '../internal/tell.ts'
export { CLIENT_CLOSED_REQUEST } from '../authenticator/events.ts'
export type { ExternalSignerCallEvent, ExternalSignerEvent } from '../authenticator/external-signer-events.ts'
export type { AnyRequest } from '../chain/explain/any-request.ts'
export { hasState, knownRequest } from '../chain/explain/known-request.ts'
export { explain } from '../chain/explain/explain.ts'
export type { ExplainedStep, ExplainOptions, Explanation } from '../chain/explain/explanation.ts'
export { addGroups, authenticatedGroup } from '../authenticator/groups.ts'
export {
  type AuthenticateRequestContext,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from '../handler/authenticate-request-options.ts'
export { authenticateRequest, type AuthenticateRequest } from '../handler/authenticate-request.ts'
export type { AuthenticatedRequest, RefusedRequest, RequestOutcome } from '../handler/request-outcome.ts'
export type { RequestTrace, RequestTracing } from '../handler/tracing.ts'
export { IMPERSONATES, leadsToImpersonation } from '../handler/impersonation-rule.ts'
export { failedAuthenticationMessage } from '../handler/attempted.ts'
export { hostOf, siteOf } from '../request/cross-site/request-site.ts'
export { exactHeaders } from '../request/headers/exact.ts'
export { withHeaderChanges } from '../request/headers/fetch-changes.ts'
export { joinedHeaders } from '../request/headers/joined.ts'
export { warningHeaders } from '../internal/warning-headers.ts'
export { fetchRequest, type FetchRequestExtras } from '../request/fetch-request.ts'
export type { AuthenticationRequest, RequestHeaders } from '../request/request.ts'
export {
  type HttpAnswer,
  isStatusError,
  type ResponseHeaders,
  responseOf,
  type Status,
  StatusError,
  type StatusErrorInit,
} from '../authenticator/status.ts'
export { failFast, union } from '../authenticator/union/union.ts'
export { webSocketProtocol } from '../request/web-socket-protocol/index.ts'
export {
  ANONYMOUS_USERNAME,
  AUTHENTICATED_GROUP,
  isUnauthenticated,
  UNAUTHENTICATED_GROUP,
  userInfo,
  type UserExtra,
  type UserInfo,
  type UserInfoInit,
} from '../authenticator/user.ts'
export * from '../authorization/index.ts'
export * from '../authorization/configuration/index.ts'
export * from '../authorization/webhook/index.ts'
export * from '../token/bootstrap/index.ts'
export * from '../request/client-certificate/index.ts'
export * from '../request/certificate-headers/index.ts'
export * from '../token/configuration/index.ts'
export * from '../internal/field/index.ts'
export * from '../impersonation/index.ts'
export * from '../adapter/incoming-message/index.ts'
export * from '../token/jwt/index.ts'
export * from '../token/oidc/index.ts'
export * from '../internal/options/index.ts'
export * from '../password/file/index.ts'
export * from '../authorization/rbac/index.ts'
export * from '../request/request-header/index.ts'
export * from '../request/request-header-config/index.ts'
export * from '../token/service-account/index.ts'
export * from '../token/cache/index.ts'
export * from '../token/file/index.ts'
export * from '../token/webhook/index.ts'
export * from '../internal/yaml/index.ts'
export * from '../review/index.ts'
export * from '../token/signer/index.ts'
export * from '../internal/steps.ts'
export { hmacSha256, sha256 } from '../internal/digest/sha256.ts'
export { keyedDigest } from '../internal/digest/keyed-digest.ts'
export { base64urlOf, isCanonicalBase64url, textOfBase64url } from '../internal/base64url.ts'
export { report } from '../internal/report.ts'
export { canWorkInBackground } from '../internal/runtime.ts'
export { systemRandom } from '../internal/random.ts'
export { valueOf } from '../internal/secret.ts'
export { expirationOf, isBootstrapSecret } from '../token/bootstrap/secret-fields.ts'
export { byCodeUnits } from '../internal/compare.ts'
export { isObject, type JsonObject, memberOf, stringMemberOf } from '../internal/objects.ts'
export { errorOf, messageOf } from '../internal/thrown.ts'
export { deadlineAfter } from '../internal/http/deadline.ts'
// What authenticators in other packages need.
export { answerOr, attempt } from '../authenticator/consult.ts'
export { MAX_TOKEN_LENGTH, tokenExtractionShape, unknownToken } from '../request/bearer-token/bearer-token.ts'
export { trimAscii } from '../request/bearer-token/read.ts'
export { discard } from '../internal/http/discard.ts'
export { withFault } from '../internal/http/fault.ts'
export { BodyTooLongError, textOf } from '../internal/http/response-text.ts'
export type { HttpResponse, HttpResponseBody } from '../internal/http/response.ts'
export { limitConcurrency } from '../internal/limit-concurrency.ts'
export { retryAfter } from '../internal/retry-after.ts'
export { GRACE_MS, isDone } from '../internal/shared-work.ts'
export { validateMarks } from '../authorization/rbac/validate-metadata.ts'
export { effectiveRules } from '../authorization/rbac/aggregation.ts'
export { decodeObject as decodeRbacObject } from '../authorization/rbac/decode.ts'
export { validateObject as validateRbacObject } from '../authorization/rbac/validate.ts'
export { PolicyIndex } from '../authorization/rbac/policy-index.ts'
export { rbacOver } from '../authorization/rbac/rbac.ts'
export { rulesOf } from '../authorization/rules-of.ts'
export { parseFieldSelector } from '../authorization/selectors/field-selector.ts'
export { parseLabelSelector } from '../authorization/selectors/label-selector.ts'
export type { Selector, SelectorRequirement } from '../authorization/selectors/selector.ts'
export { someTokenAuthenticators } from '../review/review-token.ts'
export { loadDiscovery } from '../internal/api/discovery/load.ts'
export type { DiscoveryResource } from '../internal/api/discovery/resource.ts'
export { logFailure } from '../internal/log/log-failure.ts'
export type { Log } from '../authenticator/log.ts'
export { methodNotAllowed, notAcceptable, notServed, unsupportedMediaType } from '../internal/api/errors.ts'
export { firstValues } from '../internal/query.ts'
