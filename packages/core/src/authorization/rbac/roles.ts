import { quoted } from '@kube-authn/internal/quote'
import { effectiveRules, selects } from './aggregation.ts'
import type { AnyBinding, AnyRole, ClusterRole, PolicyRule } from './objects.ts'
import { RuleIndex } from './rule-index.ts'
import { RoleRules } from './role-rules.ts'

/** The rules of roles by name, with aggregation applied. */
export class Roles {
  readonly #cluster = new NamedRoles((name) => notFound('clusterrole', name))
  readonly #namespaced = new Map<string, NamedRoles>()
  /** By kind: references to these are to no role. */
  readonly #unsupported = new NamedRoles((kind) => `unsupported role reference kind: ${quoted(kind)}`)
  readonly #clusterRoles = new Map<string, ClusterRole>()
  readonly #aggregating = new Map<string, ClusterRole>()
  #isAggregated = true

  /** Where the roles are that may be granted: in a namespace, or in the whole cluster if it is `''`. */
  indexes(namespace: string): readonly RuleIndex<RoleRules>[] {
    const roles = this.#namespaced.get(namespace)
    return roles === undefined ? [this.#cluster.index] : [this.#cluster.index, roles.index]
  }

  /** Brings the rules of aggregated roles up to date. */
  aggregate(): void {
    if (this.#isAggregated) return
    this.#isAggregated = true
    const taking = [...this.#clusterRoles.values()].filter((role) => this.#takesPart(role))
    for (const [name, rules] of effectiveRules(taking)) {
      if (this.#aggregating.has(name)) this.#cluster.set(name, rules)
    }
  }

  set(role: AnyRole): void {
    if (role.kind === 'Role') {
      this.#of(role.namespace).set(role.name, role.rules)
      return
    }
    this.#expectAggregation(this.#clusterRoles.get(role.name))
    this.#clusterRoles.set(role.name, role)
    if (role.aggregation === undefined) {
      this.#aggregating.delete(role.name)
      this.#cluster.set(role.name, role.rules)
    } else this.#aggregating.set(role.name, role)
    this.#expectAggregation(role)
  }

  delete({ kind, namespace, name }: Pick<AnyRole, 'kind' | 'namespace' | 'name'>): void {
    if (kind === 'Role') {
      this.#of(namespace).delete(name)
      this.#forgetIfEmpty(namespace)
      return
    }
    this.#expectAggregation(this.#clusterRoles.get(name))
    this.#clusterRoles.delete(name)
    this.#aggregating.delete(name)
    this.#cluster.delete(name)
  }

  /** The role that a binding grants. Every binding says when it does not any more. */
  bound(binding: AnyBinding): RoleRules {
    const { roles, name } = this.#referred(binding)
    const role = roles.get(name)
    role.bindings++
    return role
  }

  unbound(binding: AnyBinding): RoleRules {
    const { roles, name } = this.#referred(binding)
    const role = roles.get(name)
    role.bindings--
    roles.forgetIfUnused(name)
    this.#forgetIfEmpty(binding.namespace)
    return role
  }

  #referred({ namespace, roleRef: { kind, name } }: AnyBinding): { roles: NamedRoles; name: string } {
    if (kind === 'ClusterRole') return { roles: this.#cluster, name }
    return kind === 'Role' ? { roles: this.#of(namespace), name } : { roles: this.#unsupported, name: kind }
  }

  #of(namespace: string): NamedRoles {
    const known = this.#namespaced.get(namespace)
    if (known !== undefined) return known
    const roles = new NamedRoles((name) => notFound('role', name))
    this.#namespaced.set(namespace, roles)
    return roles
  }

  #forgetIfEmpty(namespace: string): void {
    if (this.#namespaced.get(namespace)?.isEmpty === true) this.#namespaced.delete(namespace)
  }

  /** Aggregation is applied again if a role that changes takes part in it. It is applied when rules are needed, so once for many changes. */
  #expectAggregation(role: ClusterRole | undefined): void {
    if (role !== undefined && this.#takesPart(role)) this.#isAggregated = false
  }

  #takesPart(role: ClusterRole): boolean {
    if (role.aggregation !== undefined) return true
    for (const { aggregation = [] } of this.#aggregating.values()) {
      if (aggregation.some((selector) => selects(selector, role.labels))) return true
    }
    return false
  }
}

function notFound(resource: string, name: string): string {
  return `${resource}.rbac.authorization.k8s.io ${quoted(name)} not found`
}

/** The cluster roles, or the roles of one namespace: those that exist, and those that bindings refer to. */
class NamedRoles {
  /** Finds those that exist. */
  readonly index: RuleIndex<RoleRules> = new RuleIndex()
  readonly #roles = new Map<string, RoleRules>()
  readonly #missing: (name: string) => string

  /** @param missing the error message if there is no role of this name. */
  constructor(missing: (name: string) => string) {
    this.#missing = missing
  }

  get isEmpty(): boolean {
    return this.#roles.size === 0
  }

  get(name: string): RoleRules {
    const known = this.#roles.get(name)
    if (known !== undefined) return known
    const role = new RoleRules(this.#missing(name))
    this.#roles.set(name, role)
    return role
  }

  set(name: string, rules: readonly PolicyRule[]): void {
    this.#change(this.get(name), rules)
  }

  delete(name: string): void {
    const known = this.#roles.get(name)
    if (known === undefined) return
    this.#change(known, this.#missing(name))
    this.forgetIfUnused(name)
  }

  /** A missing role is remembered for the bindings that refer to it. */
  forgetIfUnused(name: string): void {
    const known = this.#roles.get(name)
    if (known?.bindings === 0 && typeof known.rules === 'string') this.#roles.delete(name)
  }

  #change(role: RoleRules, rules: readonly PolicyRule[] | string): void {
    if (typeof role.rules !== 'string') this.index.leave(role, role.rules)
    role.rules = rules
    if (typeof rules !== 'string') this.index.enter(role, rules)
  }
}
