export {
  aBooleanOrAnonymousConfig,
  anonymous,
  type AnonymousCondition,
  type AnonymousConfig,
  type AnonymousOptions,
  type AnonymousSources,
  resolveAnonymous,
  validateAnonymousConfig,
} from './anonymous/index.ts'
export { audienceAgnostic, intersectAudiences } from './audiences.ts'
export type {
  AnyAuthenticator,
  Authentication,
  AuthenticationScheme,
  Authenticator,
  CredentialDescription,
  HeaderChanges,
  PasswordAuthenticator,
  TokenAuthenticator,
} from './authenticator.ts'
export { type Awaitable, isPromiseLike } from './awaitable.ts'
export { basic, type BasicOptions } from './basic/index.ts'
export { bearerToken, type TokenExtractionOptions } from './bearer-token/index.ts'
export { authenticatorChain, type AuthenticatorChainOptions } from './chain.ts'
export { type Clock, systemClock } from './clock.ts'
export { type Context, emptyContext } from './context.ts'
export {
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
} from './errors.ts'
export type {
  AccessReviewCallEvent,
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
  ImpersonationCheckEvent,
  ImpersonationEvent,
  JwksFetchEvent,
  JwtAuthenticatorEvent,
  Observer,
  Outcome,
  ReceivedEvent,
  ReloadEvent,
  RequestEvent,
  ResponseEvent,
  ServerCertificateEvent,
  ServiceAccountTokenEvent,
  TokenCacheActiveFetchEvent,
  TokenCacheFetchEvent,
  TokenCacheRequestEvent,
  TokenReviewCallEvent,
} from './events.ts'
export { CLIENT_CLOSED_REQUEST, notify } from './events.ts'
export type { AnyRequest } from './explain/any-request.ts'
export { explain, type ExplainedStep, type ExplainOptions, type Explanation } from './explain/explain.ts'
export { addGroups, authenticatedGroup } from './groups.ts'
export {
  type AuthenticateRequestContext,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from './handler/authenticate-request-options.ts'
export {
  type AuthenticatedRequest,
  authenticateRequest,
  type AuthenticateRequest,
  type RefusedRequest,
  type RequestOutcome,
} from './handler/authenticate-request.ts'
export type { RequestTrace, RequestTracing } from './handler/tracing.ts'
export { IMPERSONATES, leadsToImpersonation } from './handler/impersonation-rule.ts'
export { failedAuthenticationMessage } from './handler/attempted.ts'
export { exactHeaders } from './headers/exact.ts'
export { withHeaderChanges } from './headers/fetch-changes.ts'
export { joinedHeaders } from './headers/joined.ts'
export { warningHeader } from './headers/warning.ts'
export { fetchRequest, type FetchRequestExtras } from './request/fetch-request.ts'
export type { AuthenticationRequest, RequestHeaders } from './request/request.ts'
export {
  type HttpAnswer,
  isStatusError,
  type ResponseHeaders,
  responseOf,
  type Status,
  StatusError,
  type StatusErrorInit,
} from './status.ts'
export { failFast, union } from './union/union.ts'
export { webSocketProtocol } from './web-socket-protocol/index.ts'
export {
  ANONYMOUS_USERNAME,
  AUTHENTICATED_GROUP,
  isUnauthenticated,
  UNAUTHENTICATED_GROUP,
  userInfo,
  type UserExtra,
  type UserInfo,
  type UserInfoInit,
} from './user.ts'
