/**
 * What `@kube-authn/node` uses of the core, in one file, since Node.js takes half a millisecond to find each. It is no public entry: any release may change it. The build lets
 * that package import this file, by whatever entry its sources name (`.ci/chunks.mjs`), so a name that they begin to use is added here.
 *
 * @module
 */
export { applyHeaderChanges } from '../adapter/incoming-message/apply-header-changes.ts'
export { incomingMessageBody } from '../adapter/incoming-message/body.ts'
export { COMPLETE_FIELDS } from '../adapter/incoming-message/node-request.ts'
export { incomingMessageRequest } from '../adapter/incoming-message/incoming-message.ts'
export { optionsThatLack } from '../adapter/middleware/authentication.ts'
export { Received } from '../audit/audit-id.ts'
export { advise } from '../internal/log/app-warnings.ts'
export { audienceAgnostic } from '../authenticator/audiences.ts'
export { ConfigurationError, isConfigurationError, rejected, unavailable } from '../authenticator/errors.ts'
export { CLIENT_CLOSED_REQUEST } from '../authenticator/events.ts'
export { authenticatedGroup } from '../authenticator/groups.ts'
export { KubeAuthnError } from '../authenticator/kube-authn-error.ts'
export { loggingObserver, notify } from '../authenticator/notify.ts'
export { isStatusError, StatusError, responseOf } from '../authenticator/status.ts'
export { untilExpiry, untilExpiryShape } from '../authenticator/until-expiry.ts'
export { ANONYMOUS_USERNAME } from '../authenticator/user.ts'
export { allowPaths } from '../authorization/allow-paths.ts'
export { alwaysAllow, alwaysDeny } from '../authorization/always.ts'
export { attributesOf } from '../authorization/attributes.ts'
export { authorizeRequest } from '../authorization/authorize-request.ts'
export { configuredWebhookOptions } from '../authorization/configuration/chain.ts'
export {
  authorizationConfiguration,
  authorizationConfigurationShape,
} from '../authorization/configuration/reloading.ts'
export { aPathPrefix, prefixProblems } from '../authorization/path-prefix.ts'
export { MASTERS_GROUP, privilegedGroups } from '../authorization/privileged-groups.ts'
export { parseRbacSteps } from '../authorization/rbac/parse.ts'
export { rbacSteps } from '../authorization/rbac/rbac.ts'
export { attributesBelow } from '../authorization/request-attributes.ts'
export { unionAuthorizer } from '../authorization/union-authorizer.ts'
export { webhookAuthorizer, webhookAuthorizerShape } from '../authorization/webhook/webhook-authorizer.ts'
export { authenticatorChain } from '../chain/chain.ts'
export { explain } from '../chain/explain/explain.ts'
export { hasState } from '../chain/explain/known-request.ts'
export { authenticateRequestShape } from '../handler/authenticate-request-options.ts'
export { authenticateRequest } from '../handler/authenticate-request.ts'
export { impersonateRequest } from '../impersonation/impersonate-request.ts'
export { fetchBody } from '../internal/api/body.ts'
export { isPromiseLike } from '../internal/awaitable.ts'
export { systemClock } from '../internal/clock.ts'
export { errorList } from '../internal/field/errors.ts'
export { printedSeconds, readDuration } from '../internal/field/go-duration.ts'
export { fieldPath } from '../internal/field/path.ts'
export { quoted } from '../internal/field/quoted.ts'
export { readObject } from '../internal/field/reader.ts'
export { deadlineAfter } from '../internal/http/deadline.ts'
export { isObject, memberOf } from '../internal/objects.ts'
export {
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
  anAuthorizer,
} from '../internal/options/authenticators.ts'
export {
  aBoolean,
  aFunction,
  aNonEmptyString,
  aString,
  above,
  anything,
  atLeast,
  either,
  listOf,
  must,
  nonEmptyListOf,
  oneOf,
  problemOf,
  recordOf,
  required,
  wholeNumber,
  withMethods,
} from '../internal/options/check.ts'
export { aClock, aLog, anOrigin, someAudiences } from '../internal/options/common.ts'
export { nearestName } from '../internal/options/nearest-name.ts'
export {
  checkOptions,
  nested,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
} from '../internal/options/shape.ts'
export { urlProblems } from '../internal/options/url.ts'
export { without } from '../internal/options/without.ts'
export { report } from '../internal/report.ts'
export { finish, inOneStep } from '../internal/steps.ts'
export { errorOf, messageOf } from '../internal/thrown.ts'
export { yamlDocument } from '../internal/yaml/yaml-documents.ts'
export { logRefusal } from '../logging/log-refusal.ts'
export { passwordFileShape, passwordFileSteps } from '../password/file/password-file.ts'
export { aBooleanOrAnonymousConfig, validateAnonymousConfig } from '../request/anonymous/config.ts'
export { clientCertificate } from '../request/client-certificate/client-certificate.ts'
export { fetchRequest } from '../request/fetch-request.ts'
export { hostOf, siteOf } from '../request/cross-site/request-site.ts'
export { exactHeaders } from '../request/headers/exact.ts'
export { parseRequestHeaderConfig } from '../request/request-header-config/parse.ts'
export { assertDistinctPools } from '../request/request-header/distinct-pools.ts'
export { requestHeaderNamesShape } from '../request/request-header/header-names.ts'
export { requestHeader } from '../request/request-header/request-header.ts'
export { aRevocationSource } from '../revocation/revocations.ts'
export { unlessRevoked } from '../revocation/unless-revoked.ts'
export { bootstrapToken } from '../token/bootstrap/bootstrap-token.ts'
export { cachedUnion } from '../token/cache/cached-union.ts'
export { cached, cachedShape } from '../token/cache/cached.ts'
export {
  authenticationConfiguration,
  authenticationConfigurationShape,
} from '../token/configuration/reloading.ts'
export { tokenFileSteps } from '../token/file/token-file.ts'
export { verificationKeyFromDer, verificationKeysFromPem } from '../token/jwt/pem-keys.ts'
export { oidcFlagOptions } from '../token/oidc/flags.ts'
export { oidc, oidcShape } from '../token/oidc/oidc.ts'
export { aKeySource } from '../token/service-account/key-source.ts'
export { legacyServiceAccountToken, serviceAccountToken } from '../token/service-account/service-account.ts'
export { fetchedKeys } from '../token/signer/fetched-keys.ts'
export {
  webhookAuthenticator,
  webhookAuthenticatorShape,
  webhookCache,
} from '../token/webhook/webhook-authenticator.ts'
