/** What apps and authors of authenticators need: the contract, the chain, extraction of credentials, errors, events and `explain`. @module */
export { audienceAgnostic } from '../authenticator/audiences.ts'
export type {
  Authentication,
  Authenticator,
  CredentialDescription,
  HeaderChanges,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator/authenticator.ts'
export { type Context, emptyContext } from '../authenticator/context.ts'
export {
  AuthenticationError,
  type AuthenticationErrorOptions,
  ConfigurationError,
  type ConfigurationProblem,
  rejected,
  unavailable,
} from '../authenticator/errors.ts'
export type { AuthenticationEvent, Observer } from '../authenticator/events.ts'
export type { Log, LogEntry } from '../authenticator/log.ts'
export { addGroups, authenticatedGroup } from '../authenticator/groups.ts'
export { type ErrorCode, KubeAuthnError } from '../authenticator/kube-authn-error.ts'
export { failFast, union } from '../authenticator/union.ts'
export { type UserInfo, userInfo } from '../authenticator/user.ts'
export { authenticatorChain, type AuthenticatorChainOptions } from '../chain/chain.ts'
export { explain } from '../adapter/explain/explain.ts'
export type { ExplainedStep, Explanation, ExplainOptions } from '../adapter/explain/explanation.ts'
export type { Awaitable } from '../internal/awaitable.ts'
export type { Clock } from '../internal/clock.ts'
export type { KubernetesVersion } from '../authenticator/kubernetes-version.ts'
export { anonymous, type AnonymousOptions } from '../request/anonymous/anonymous.ts'
export { basic, type BasicOptions } from '../request/basic.ts'
export { bearerToken, type TokenExtractionOptions } from '../request/bearer-token.ts'
export type { AuthenticationRequest, RequestHeaders } from '../request/request.ts'
export { webSocketProtocol } from '../request/web-socket-protocol.ts'
