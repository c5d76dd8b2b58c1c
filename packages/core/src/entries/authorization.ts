/** Authorizers: their contract and union, RBAC, `AuthorizationConfiguration`, the attributes of a request; and the headers that impersonate a user. @module */
export { allowPaths } from '../authorization/allow-paths.ts'
export { alwaysAllow, alwaysDeny } from '../authorization/always.ts'
export { type Attributes, attributesOf, type RequestAttributes } from '../authorization/attributes.ts'
export { authorizeRequest, type AuthorizeRequestOptions } from '../authorization/authorize-request.ts'
export type { Authorizer, RuleResolver } from '../authorization/authorizer.ts'
export {
  authorizationConfiguration,
  type ConfiguredAuthorizer,
} from '../authorization/configuration/reloading.ts'
export { decide } from '../authorization/decide.ts'
export { allow, type Decision, deny, noOpinion } from '../authorization/decision.ts'
export { AuthorizationError, type AuthorizationErrorOptions } from '../authorization/errors.ts'
export { forbiddenMessage } from '../authorization/forbidden.ts'
export { privilegedGroups } from '../authorization/privileged-groups.ts'
export type { RbacPolicy } from '../authorization/rbac/objects.ts'
export { parseRbac, rbacPolicy } from '../authorization/rbac/parse.ts'
export { rbac, type RbacAuthorizer } from '../authorization/rbac/rbac.ts'
export { type RequestInfo, requestInfo } from '../authorization/request-info/request-info.ts'
export { unionAuthorizer } from '../authorization/union-authorizer.ts'
export { impersonationHeaders } from '../impersonation/impersonation-headers.ts'
/** @internal */
export { type ConfiguredWebhook, configuredWebhookOptions } from '../authorization/configuration/chain.ts'
/** @internal */
export type { WebhookConfiguration } from '../authorization/configuration/config.ts'
/** @internal */
export { decodeAuthorizationConfiguration } from '../authorization/configuration/decode.ts'
/** @internal */
export { parseAuthorizationConfiguration } from '../authorization/configuration/validate.ts'
export type { AuthorizationConfigurationOptions } from '../authorization/configuration/reloading.ts'
/** @internal */
export { authorizationConfigurationShape } from '../authorization/configuration/reloading.ts'
/** @internal */
export { MASTERS_GROUP } from '../authorization/privileged-groups.ts'
/** @internal */
export { effectiveRules } from '../authorization/rbac/aggregation.ts'
/** @internal */
export { decodeObject as decodeRbacObject } from '../authorization/rbac/decode.ts'
/** @internal */
export {
  type AnyBinding,
  type ClusterRole,
  type PolicyRule,
  RBAC_API_GROUP,
  type RbacObject,
  type RoleRef,
} from '../authorization/rbac/objects.ts'
export type { ParseRbacOptions } from '../authorization/rbac/parse.ts'
/** @internal */
export { parseRbacSteps } from '../authorization/rbac/parse.ts'
/** @internal */
export { PolicyIndex } from '../authorization/rbac/policy-index.ts'
/** @internal */
export { rbacOver, rbacSteps } from '../authorization/rbac/rbac.ts'
/** @internal */
export { ruleAllows } from '../authorization/rbac/rule.ts'
/** @internal */
export { validateMarks } from '../authorization/rbac/validate-metadata.ts'
/** @internal */
export { validateObject as validateRbacObject } from '../authorization/rbac/validate.ts'
export type { WebhookAuthorizerOptions } from '../authorization/webhook/webhook-authorizer.ts'
/** @internal */
export { webhookAuthorizerShape } from '../authorization/webhook/webhook-authorizer.ts'
