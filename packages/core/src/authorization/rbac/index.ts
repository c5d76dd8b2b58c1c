export type { FieldError, FieldErrorType } from '../../internal/field/errors.ts'
export type { RbacAdvice } from './advice.ts'
export {
  type AnyBinding,
  type AnyRole,
  type ClusterRole,
  type ClusterRoleBinding,
  type LabelSelector,
  type LabelSelectorRequirement,
  type PolicyRule,
  RBAC_API_GROUP,
  type RbacObject,
  type RbacPolicy,
  type Role,
  type RoleBinding,
  type RoleRef,
  type Subject,
} from './objects.ts'
export {
  type ParsedRbacPolicy,
  parseRbac,
  type ParseRbacOptions,
  parseRbacSteps,
  rbacPolicy,
  type RbacSource,
} from './parse.ts'
export { rbac, type RbacAuthorizer, type RbacGrant, rbacSteps } from './rbac.ts'
export { ruleAllows, type RuleQuestion } from './rule.ts'
