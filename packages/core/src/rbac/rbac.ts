import type { Attributes } from '../authorization/attributes.ts'
import type { Authorizer, RuleResolver, UserRules } from '../authorization/authorizer.ts'
import { allow, noOpinion } from '../authorization/decision.ts'
import { aggregateText } from '../authorization/errors.ts'
import { must, refuseProblems } from '../options/index.ts'
import { quoted } from '../quote.ts'
import type { UserInfo } from '../user.ts'
import { effectiveRules } from './aggregation.ts'
import type {
  AnyBinding,
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacObject,
  RbacPolicy,
  RoleBinding,
  Subject,
} from './objects.ts'
import { ruleAllows } from './rule.ts'
import { SubjectIndex } from './subject-index.ts'

/** Which binding and which rule allow something. */
export interface RbacGrant {
  readonly binding: AnyBinding
  /** The first subject of the binding that is the user. */
  readonly subject: Subject
  readonly rule: PolicyRule
  /** In the words of Kubernetes, as in `RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "jane"`. */
  readonly reason: string
}

/** An authorizer of roles and bindings. */
export interface RbacAuthorizer extends Authorizer, RuleResolver {
  /** Everything that allows it, in the order it is looked at; the first of it is the reason of the decision. */
  explain(attributes: Attributes): readonly RbacGrant[]
}

const aPolicy = must(
  'must be a policy, as parseRbac(...) makes',
  (value) =>
    typeof value === 'object' && value !== null && 'objects' in value && Array.isArray(value.objects),
)

/**
 * Allows what roles and bindings allow (`--authorization-mode=RBAC`), and has no opinion on anything else.
 *
 * ClusterRoleBindings are looked at first, then the RoleBindings of the namespace, each in the order they were loaded. What a
 * decision takes depends on the bindings for the user, not on how many there are.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go`, `pkg/registry/rbac/validation/rule.go`.
 *
 * @throws {ConfigurationError} when it is given no policy.
 * @example
 * const authorizer = unionAuthorizer(privilegedGroups('system:masters'), rbac(parseRbac(yaml)))
 */
export function rbac(policy: RbacPolicy): RbacAuthorizer {
  refuseProblems(aPolicy(policy, 'policy'))
  const roles = new Roles(policy.objects)
  const clusterWide = new SubjectIndex<ClusterRoleBinding>()
  const namespaced = new Map<string, SubjectIndex<RoleBinding>>()
  for (const [position, object] of policy.objects.entries()) {
    if (object.kind === 'ClusterRoleBinding') clusterWide.add(object, position)
    else if (object.kind === 'RoleBinding') indexOf(namespaced, object.namespace).add(object, position)
  }

  /** Visits the rules that are for a user, and the roles that are not there. */
  const visit = (user: UserInfo, namespace: string, visitor: Visitor): void => {
    for (const index of [clusterWide, namespace === '' ? undefined : namespaced.get(namespace)]) {
      for (const { binding, subject } of index?.bindingsFor(user) ?? []) {
        const rules = roles.rulesOf(binding)
        if (typeof rules === 'string') visitor.missing(rules)
        else for (const rule of rules) visitor.rule(rule, binding, subject)
      }
    }
  }

  /** The reason of the first binding that allows it; what is missing is added to a list. */
  const firstReason = (
    index: Pick<SubjectIndex<AnyBinding>, 'decidingBindingsFor'> | undefined,
    attributes: Attributes,
    missing: string[],
  ): string | undefined => {
    for (const { binding, subject } of index?.decidingBindingsFor(attributes.user) ?? []) {
      const rules = roles.rulesOf(binding)
      if (typeof rules === 'string') missing.push(rules)
      else if (someRuleAllows(rules, attributes)) return reasonFor(binding, subject)
    }
    return undefined
  }

  return {
    name: 'rbac',

    authorize(attributes) {
      const missing: string[] = []
      const namespace = namespaceOf(attributes)
      const reason =
        firstReason(clusterWide, attributes, missing) ??
        (namespace === '' ? undefined : firstReason(namespaced.get(namespace), attributes, missing))
      if (reason !== undefined) return allow(reason)
      return noOpinion(missing.length === 0 ? '' : `RBAC: ${aggregateText(missing)}`)
    },

    explain(attributes) {
      const grants: RbacGrant[] = []
      visit(attributes.user, namespaceOf(attributes), {
        rule(rule, binding, subject) {
          if (!ruleAllows(rule, attributes)) return
          grants.push({ binding, subject, rule, reason: reasonFor(binding, subject) })
        },
        missing: () => undefined,
      })
      return grants
    },

    rulesFor(user, namespace): UserRules {
      const found: PolicyRule[] = []
      const missing: string[] = []
      visit(user, namespace, {
        rule: (rule) => found.push(rule),
        missing: (text) => missing.push(text),
      })
      return {
        resourceRules: found.filter((rule) => rule.resources.length > 0),
        nonResourceRules: found.filter((rule) => rule.nonResourceURLs.length > 0),
        incomplete: missing.length > 0,
        ...(missing.length > 0 && { evaluationError: aggregateText(missing) }),
      }
    },
  }
}

/** What is bound in a namespace says nothing about paths. */
function namespaceOf(attributes: Attributes): string {
  return attributes.resourceRequest ? attributes.namespace : ''
}

interface Visitor {
  rule(rule: PolicyRule, binding: AnyBinding, subject: Subject): unknown
  missing(text: string): void
}

/** A loop, since this is what a decision is made of. */
function someRuleAllows(rules: readonly PolicyRule[], attributes: Attributes): boolean {
  for (const rule of rules) if (ruleAllows(rule, attributes)) return true
  return false
}

/** Roles by name, with what aggregation made of them. */
class Roles {
  readonly #cluster: ReadonlyMap<string, readonly PolicyRule[]>
  /** By namespace, then by name. */
  readonly #namespaced = new Map<string, Map<string, readonly PolicyRule[]>>()

  constructor(objects: readonly RbacObject[]) {
    this.#cluster = effectiveRules(objects.filter((each): each is ClusterRole => each.kind === 'ClusterRole'))
    for (const object of objects) {
      if (object.kind !== 'Role') continue
      const roles = this.#namespaced.get(object.namespace) ?? new Map<string, readonly PolicyRule[]>()
      this.#namespaced.set(object.namespace, roles.set(object.name, object.rules))
    }
  }

  /** The rules of the role that a binding gives; or, in words, that there is none. */
  rulesOf({ namespace, roleRef }: AnyBinding): readonly PolicyRule[] | string {
    const { kind, name } = roleRef
    if (kind === 'ClusterRole') return this.#cluster.get(name) ?? notFound('clusterrole', name)
    if (kind === 'Role') return this.#namespaced.get(namespace)?.get(name) ?? notFound('role', name)
    return `unsupported role reference kind: ${quoted(kind)}`
  }
}

function notFound(resource: string, name: string): string {
  return `${resource}.rbac.authorization.k8s.io ${quoted(name)} not found`
}

function indexOf(
  indexes: Map<string, SubjectIndex<RoleBinding>>,
  namespace: string,
): SubjectIndex<RoleBinding> {
  const index = indexes.get(namespace) ?? new SubjectIndex<RoleBinding>()
  indexes.set(namespace, index)
  return index
}

function reasonFor(binding: AnyBinding, subject: Subject): string {
  const { kind, name, namespace, roleRef } = binding
  const bound = quoted(kind === 'RoleBinding' ? `${name}/${namespace}` : name)
  const role = `${roleRef.kind} ${quoted(roleRef.name)}`
  return `RBAC: allowed by ${kind} ${bound} of ${role} to ${subjectText(subject, namespace)}`
}

function subjectText({ kind, name, namespace }: Subject, bindingNamespace: string): string {
  if (kind !== 'ServiceAccount') return `${kind} ${quoted(name)}`
  return `${kind} ${quoted(`${name}/${namespace === '' ? bindingNamespace : namespace}`)}`
}
