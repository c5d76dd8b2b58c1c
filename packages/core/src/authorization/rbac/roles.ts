import { quoted } from '@kube-authn/internal/quote'
import { effectiveRules } from './aggregation.ts'
import { selects } from './label-selector.ts'
import type { AnyBinding, AnyRole, ClusterRole } from './objects.ts'
import type { RoleRules } from './role-rules.ts'

/** A role that bindings refer to, whether it exists or not. */
interface KnownRole extends RoleRules {
  bindings: number
}

/** The rules of roles by name, with aggregation applied. */
export class Roles {
  readonly #cluster = new Map<string, KnownRole>()
  /** By namespace, then by name. */
  readonly #namespaced = new Map<string, Map<string, KnownRole>>()
  readonly #clusterRoles = new Map<string, ClusterRole>()
  readonly #aggregating = new Map<string, ClusterRole>()
  #isAggregated = true
  #version = 0

  /** Another one whenever the rules of a role have changed. */
  get version(): number {
    this.aggregate()
    return this.#version
  }

  /** Brings the rules of aggregated roles up to date. */
  aggregate(): void {
    if (this.#isAggregated) return
    this.#isAggregated = true
    const taking = [...this.#clusterRoles.values()].filter((role) => this.#takesPart(role))
    for (const [name, rules] of effectiveRules(taking)) {
      if (this.#aggregating.has(name)) this.#change(this.#clusterNamed(name), rules)
    }
  }

  /** Adds a role, or replaces the one of this name. */
  set(role: AnyRole): void {
    if (role.kind === 'Role') {
      this.#change(this.#named(role.namespace, role.name), role.rules)
      return
    }
    this.#expectAggregation(this.#clusterRoles.get(role.name))
    this.#clusterRoles.set(role.name, role)
    if (role.aggregation === undefined) {
      this.#aggregating.delete(role.name)
      this.#change(this.#clusterNamed(role.name), role.rules)
    } else this.#aggregating.set(role.name, role)
    this.#expectAggregation(role)
  }

  delete({ kind, namespace, name }: Pick<AnyRole, 'kind' | 'namespace' | 'name'>): void {
    const isClusterRole = kind === 'ClusterRole'
    const known = isClusterRole ? this.#cluster.get(name) : this.#namespaced.get(namespace)?.get(name)
    if (isClusterRole) {
      this.#expectAggregation(this.#clusterRoles.get(name))
      this.#clusterRoles.delete(name)
      this.#aggregating.delete(name)
    }
    if (known === undefined) return
    this.#change(known, notFound(isClusterRole ? 'clusterrole' : 'role', name))
    this.#forgetIfUnused(kind, namespace, name, known)
  }

  /** The role that a binding grants. Every binding says when it does not any more. */
  bound({ namespace, roleRef }: AnyBinding): RoleRules {
    const { kind, name } = roleRef
    if (kind !== 'ClusterRole' && kind !== 'Role') {
      return { rules: `unsupported role reference kind: ${quoted(kind)}` }
    }
    const known = kind === 'ClusterRole' ? this.#clusterNamed(name) : this.#named(namespace, name)
    known.bindings++
    return known
  }

  unbound({ namespace, roleRef }: AnyBinding): void {
    const { kind, name } = roleRef
    if (kind !== 'ClusterRole' && kind !== 'Role') return
    const known = kind === 'ClusterRole' ? this.#clusterNamed(name) : this.#named(namespace, name)
    known.bindings--
    this.#forgetIfUnused(kind, namespace, name, known)
  }

  #clusterNamed(name: string): KnownRole {
    return named(this.#cluster, 'clusterrole', name)
  }

  #named(namespace: string, name: string): KnownRole {
    const roles = this.#namespaced.get(namespace) ?? new Map<string, KnownRole>()
    this.#namespaced.set(namespace, roles)
    return named(roles, 'role', name)
  }

  #change(known: KnownRole, rules: RoleRules['rules']): void {
    known.rules = rules
    this.#version++
  }

  /** A missing role is remembered for the bindings that refer to it. */
  #forgetIfUnused(kind: string, namespace: string, name: string, known: KnownRole): void {
    if (known.bindings > 0 || typeof known.rules !== 'string') return
    if (kind === 'ClusterRole') this.#cluster.delete(name)
    else {
      const roles = this.#namespaced.get(namespace)
      roles?.delete(name)
      if (roles?.size === 0) this.#namespaced.delete(namespace)
    }
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

function named(roles: Map<string, KnownRole>, resource: string, name: string): KnownRole {
  const known = roles.get(name)
  if (known !== undefined) return known
  const missing: KnownRole = { rules: notFound(resource, name), bindings: 0 }
  roles.set(name, missing)
  return missing
}

function notFound(resource: string, name: string): string {
  return `${resource}.rbac.authorization.k8s.io ${quoted(name)} not found`
}
