export { allowPaths } from './allow-paths.ts'
export { alwaysAllow, alwaysDeny } from './always.ts'
export { type Attributes, attributesOf, type RequestAttributes } from './attributes.ts'
export {
  type AuthorizationOutcome,
  type AuthorizedRequest,
  authorizeRequest,
  authorizeRequestShape,
  type AuthorizeRequest,
  type AuthorizeRequestContext,
  type AuthorizeRequestOptions,
  type ForbiddenRequest,
  type ReadAttributes,
} from './authorize-request.ts'
export type { Authorizer, NonResourceRule, ResourceRule, RuleResolver, UserRules } from './authorizer.ts'
export { decide } from './decide.ts'
export { allow, type Decision, deny, noOpinion, type Verdict } from './decision.ts'
export { AuthorizationError, type AuthorizationErrorOptions } from './errors.ts'
export { forbidden, forbiddenMessage } from './forbidden.ts'
export { internalError } from './internal-error.ts'
export { MASTERS_GROUP, privilegedGroups } from './privileged-groups.ts'
export { attributesOfInfo, requestAttributes } from './request-attributes.ts'
export { requestInfo, type RequestInfo, type RequestInfoProblem } from './request-info/request-info.ts'
export type { RequestTarget } from './request-info/request-target.ts'
export { parseFieldSelector } from './selectors/field-selector.ts'
export { parseLabelSelector } from './selectors/label-selector.ts'
export type { Selector, SelectorRequirement } from './selectors/selector.ts'
export { unionAuthorizer } from './union-authorizer.ts'
