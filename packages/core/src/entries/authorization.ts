/**
 * Authorizers: their contract and union, RBAC, `AuthorizationConfiguration`, the attributes of a request; and the headers that impersonate a user.
 *
 * @module
 */
export { allowPaths } from '../authorization/allow-paths.ts'
export { alwaysAllow, alwaysDeny } from '../authorization/always.ts'
export { type Attributes, attributesOf, type RequestAttributes } from '../authorization/attributes.ts'
export { authorizeRequest } from '../authorization/authorize-request.ts'
export type { Authorizer, RuleResolver } from '../authorization/authorizer.ts'
export {
  authorizationConfiguration,
  type ConfiguredAuthorizer,
} from '../authorization/configuration/reloading.ts'
export { decide } from '../authorization/decide.ts'
export { allow, type Decision, deny, noOpinion } from '../authorization/decision.ts'
export { AuthorizationError } from '../authorization/errors.ts'
export { forbiddenMessage } from '../authorization/forbidden.ts'
export { privilegedGroups } from '../authorization/privileged-groups.ts'
export type { RbacPolicy } from '../authorization/rbac/objects.ts'
export { parseRbac, rbacPolicy } from '../authorization/rbac/parse.ts'
export { rbac, type RbacAuthorizer } from '../authorization/rbac/rbac.ts'
export { type RequestInfo, requestInfo } from '../authorization/request-info/request-info.ts'
export { unionAuthorizer } from '../authorization/union-authorizer.ts'
export { impersonationHeaders } from '../impersonation/impersonation-headers.ts'
