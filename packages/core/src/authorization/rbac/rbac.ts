import type { Attributes } from '../attributes.ts'
import type { Authorizer, RuleResolver, UserRules } from '../authorizer.ts'
import { noOpinion } from '../decision.ts'
import { aggregateText } from '../errors.ts'
import { must, refuseProblems } from '../../internal/options/index.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { UserInfo } from '../../authenticator/user.ts'
import { finish, type Steps } from '../../internal/steps.ts'
import { effectiveRules } from './aggregation.ts'
import type { Grant } from './grant.ts'
import type { AnyBinding, ClusterRole, PolicyRule, RbacObject, RbacPolicy, Subject } from './objects.ts'
import { ruleAllows } from './rule.ts'
import { SubjectIndex } from './subject-index.ts'

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
  /** All grants that allow the request, in evaluation order; the first one is the reason of the decision. */
  explain(attributes: Attributes): readonly RbacGrant[]
}

const aPolicy = must(
  'must be a policy, as parseRbac(...) makes',
  (value) =>
    typeof value === 'object' && value !== null && 'objects' in value && Array.isArray(value.objects),
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
  const roles = new Roles(objects)
  yield
  const clusterWide = new SubjectIndex()
  const namespaced = new Map<string, SubjectIndex>()
  for (const [position, object] of objects.entries()) {
    if (object.kind === 'ClusterRoleBinding') clusterWide.add(object, position, roles.rulesOf(object))
    else if (object.kind === 'RoleBinding') {
      indexOf(namespaced, object.namespace).add(object, position, roles.rulesOf(object))
    }
    if (position % 256 === 0) yield
  }
  for (const index of [clusterWide, ...namespaced.values()]) yield* index.close()

  const indexesFor = (namespace: string): readonly SubjectIndex[] => {
    const index = namespace === '' ? undefined : namespaced.get(namespace)
    return index === undefined ? [clusterWide] : [clusterWide, index]
  }
  const grantsFor = (user: UserInfo, namespace: string): readonly Grant[] =>
    indexesFor(namespace).flatMap((index) => index.grantsFor(user))

  return {
    name: 'rbac',

    authorize(attributes) {
      const { user } = attributes
      const namespace = namespaceOf(attributes)
      const inNamespace = namespace === '' ? undefined : namespaced.get(namespace)
      const grant =
        clusterWide.firstAllowing(user, attributes) ?? inNamespace?.firstAllowing(user, attributes)
      if (grant !== undefined) return grant.decision
      if (!clusterWide.hasMissingRole(user) && inNamespace?.hasMissingRole(user) !== true) return noOpinion()
      return noOpinion(`RBAC: ${aggregateText(missingIn(grantsFor(user, namespace)))}`)
    },

    explain(attributes) {
      return grantsFor(attributes.user, namespaceOf(attributes)).flatMap((grant) => {
        const { binding, subject } = grant
        return rulesIn(grant)
          .filter((rule) => ruleAllows(rule, attributes))
          .map((rule) => ({ binding, subject, rule, reason: grant.reason() }))
      })
    },

    rulesFor(user, namespace): UserRules {
      const grants = grantsFor(user, namespace)
      const found = grants.flatMap(rulesIn)
      const missing = missingIn(grants)
      return {
        resourceRules: found.filter((rule) => rule.resources.length > 0),
        nonResourceRules: found.filter((rule) => rule.nonResourceURLs.length > 0),
        incomplete: false,
        ...(missing.length > 0 && { evaluationError: aggregateText(missing) }),
      }
    },
  }
}

function rulesIn({ rules }: Grant): readonly PolicyRule[] {
  return typeof rules === 'string' ? [] : rules
}

/** The error messages for missing roles. */
function missingIn(grants: readonly Grant[]): readonly string[] {
  return grants.flatMap(({ rules }) => (typeof rules === 'string' ? [rules] : []))
}

/** Bindings in a namespace grant no non-resource paths. */
function namespaceOf(attributes: Attributes): string {
  return attributes.resourceRequest ? attributes.namespace : ''
}

/** The rules of roles by name, with aggregation applied. */
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

  /** The rules of the role that a binding grants, or an error message if there is no such role. */
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

function indexOf(indexes: Map<string, SubjectIndex>, namespace: string): SubjectIndex {
  const index = indexes.get(namespace) ?? new SubjectIndex()
  indexes.set(namespace, index)
  return index
}
