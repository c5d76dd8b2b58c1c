import type { Attributes } from '../attributes.ts'
import type { Authorizer, RuleResolver, UserRules } from '../authorizer.ts'
import { noOpinion } from '../decision.ts'
import { aggregateText } from '../aggregate-errors.ts'
import { must, refuseProblems } from '../../internal/options/index.ts'
import { memberOf } from '../../internal/objects.ts'
import { finish, type Steps } from '../../internal/steps.ts'
import type { AnyBinding, PolicyRule, RbacPolicy, Subject } from './objects.ts'
import { namespaceOf, PolicyIndex } from './policy-index.ts'
import type { RoleRules } from './role-rules.ts'
import { ruleAllows } from './rule.ts'
import type { Grant } from './grant.ts'

/** A binding and a rule that allow a request. */
export interface RbacGrant {
  readonly binding: AnyBinding
  /** The first subject of the binding that matches the user. */
  readonly subject: Subject
  readonly rule: PolicyRule
  /** As Kubernetes words it: `RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "jane"`. */
  readonly reason: string
}

/** The authorizer returned by {@link rbac}. */
export interface RbacAuthorizer extends Authorizer, RuleResolver {
  /** The grants that allow the request, at most 1,000, in evaluation order; the first one is the reason of the decision. */
  explain(attributes: Attributes): readonly RbacGrant[]
}

const aPolicy = must('must be a policy, as parseRbac(...) makes', (value) =>
  Array.isArray(memberOf(value, 'objects')),
)

/**
 * Allows what roles and bindings grant (`--authorization-mode=RBAC`), and has no opinion on other requests.
 *
 * ClusterRoleBindings are evaluated first, then the RoleBindings of the namespace, both in load order. The cost of a decision depends on the
 * bindings of the user, not on the total number of bindings.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go`, `pkg/registry/rbac/validation/rule.go`.
 *
 * @throws {ConfigurationError} when `policy` is not a policy.
 * @example
 * const authorizer = unionAuthorizer(privilegedGroups('system:masters'), rbac(parseRbac(yaml)))
 */
export function rbac(policy: RbacPolicy): RbacAuthorizer {
  return finish(rbacSteps(policy))
}

/**
 * The same in steps of a few milliseconds, so that a large policy does not block the event loop.
 *
 * @throws {ConfigurationError} when `policy` is not a policy.
 */
export function rbacSteps(policy: RbacPolicy): Steps<RbacAuthorizer> {
  refuseProblems(aPolicy(policy, 'policy'))
  return stepsOf(policy)
}

function* stepsOf({ objects }: RbacPolicy): Steps<RbacAuthorizer> {
  const index = new PolicyIndex()
  for (const [position, object] of objects.entries()) {
    if (object.kind === 'Role' || object.kind === 'ClusterRole') index.setRole(object)
    if (position % OBJECTS_IN_A_STEP === 0) yield
  }
  for (const [position, object] of objects.entries()) {
    if (object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding') {
      index.addBinding(object, position)
    }
    if (position % OBJECTS_IN_A_STEP === 0) yield
  }
  return rbacOver(index)
}

const OBJECTS_IN_A_STEP = 256

/** An authorizer that decides by what an index has at the time. */
export function rbacOver(index: PolicyIndex): RbacAuthorizer {
  return {
    name: 'rbac',

    authorize(attributes) {
      const grant = index.firstAllowing(attributes)
      if (grant !== undefined) return grant.decision
      if (!index.hasMissingRole(attributes)) return noOpinion()
      const grants = index.grantsFor(attributes.user, namespaceOf(attributes))
      return noOpinion(`RBAC: ${missingText(listedRoles(grants))}`)
    },

    explain(attributes) {
      const found: RbacGrant[] = []
      const allowing = new Map<RoleRules, readonly PolicyRule[]>()
      for (const grant of index.grantsFor(attributes.user, namespaceOf(attributes))) {
        const { binding, subject, role } = grant
        const rules = allowing.get(role) ?? rulesIn(role).filter((rule) => ruleAllows(rule, attributes))
        allowing.set(role, rules)
        for (const rule of rules) {
          if (found.length === MAX_EXPLAINED) return found
          found.push({ binding, subject, rule, reason: grant.reason() })
        }
      }
      return found
    },

    rulesFor(user, namespace): UserRules {
      const roles = listedRoles(index.grantsFor(user, namespace))
      const found = roles.flatMap(rulesIn)
      const missing = missingText(roles)
      return {
        resourceRules: found.filter((rule) => rule.resources.length > 0),
        nonResourceRules: found.filter((rule) => rule.nonResourceURLs.length > 0),
        incomplete: false,
        ...(missing !== '' && { evaluationError: missing }),
      }
    },
  }
}

/** More grants of one request are not explained. */
const MAX_EXPLAINED = 1000

/** More missing roles than these are counted only: their names are in the answer to every request that is refused. */
const MAX_MISSING = 100

/** The error messages for missing roles; empty if there are none. */
function missingText(roles: readonly RoleRules[]): string {
  const missing = [...new Set(roles.flatMap(({ rules }) => (typeof rules === 'string' ? [rules] : [])))]
  const further = missing.length - MAX_MISSING
  return aggregateText(further > 0 ? [...missing.slice(0, MAX_MISSING), `and ${further} more`] : missing)
}

/** Roles that were listed before are repeated up to this many characters. */
const MAX_REPEATED_LENGTH = 1_048_576

/**
 * The role of every grant, as Kubernetes lists them: a role that several bindings refer to is repeated.
 *
 * Deviation: not more often than to a megabyte, since the rules of a large role could be multiplied by its bindings (`docs/deviations.md`, rules of a user).
 */
function listedRoles(grants: readonly Grant[]): readonly RoleRules[] {
  const lengths = new Map<RoleRules, number>()
  let repeated = 0
  return grants
    .map(({ role }) => role)
    .filter((role) => {
      const known = lengths.get(role)
      if (known === undefined) {
        lengths.set(role, lengthOf(rulesIn(role)))
        return true
      }
      repeated += known
      return repeated <= MAX_REPEATED_LENGTH
    })
}

/** The rules of a role: none if there is no such role. */
function rulesIn({ rules }: RoleRules): readonly PolicyRule[] {
  return typeof rules === 'string' ? [] : rules
}

/** About as long as the rules are in JSON. */
function lengthOf(rules: readonly PolicyRule[]): number {
  let length = 0
  for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    length += 64
    for (const values of [verbs, apiGroups, resources, resourceNames, nonResourceURLs]) {
      for (const value of values) length += value.length + 3
    }
  }
  return length
}
