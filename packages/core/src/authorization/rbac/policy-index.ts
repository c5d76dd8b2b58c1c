import type { UserInfo } from '../../authenticator/user.ts'
import type { Attributes } from '../attributes.ts'
import type { Grant } from './grant.ts'
import type { AnyBinding, AnyRole } from './objects.ts'
import { Roles } from './roles.ts'
import { SubjectIndex } from './subject-index.ts'

/**
 * Roles and bindings, arranged for decisions. Each of them can change at any time: a change costs as much as the object is large, however many others there
 * are; and of a role that is aggregated, as much as the roles that take part.
 */
export class PolicyIndex {
  readonly #roles = new Roles()
  readonly #clusterWide = new SubjectIndex()
  readonly #namespaced = new Map<string, SubjectIndex>()

  /** Adds a role, or replaces the one of this name. */
  setRole(role: AnyRole): void {
    this.#roles.set(role)
  }

  deleteRole(role: Pick<AnyRole, 'kind' | 'namespace' | 'name'>): void {
    this.#roles.delete(role)
  }

  /** @param position its place in the order of evaluation, different from that of every other binding. Later ones are added faster, at the end. */
  addBinding(binding: AnyBinding, position: number): void {
    this.#indexOf(binding).add(binding, position, this.#roles.bound(binding))
  }

  /** Takes back what `addBinding` did with the same binding and position. */
  removeBinding(binding: AnyBinding, position: number): void {
    const index = this.#indexOf(binding)
    index.remove(binding, position, this.#roles.unbound(binding))
    if (binding.kind === 'RoleBinding' && index.isEmpty) this.#namespaced.delete(binding.namespace)
  }

  /** The first grant that allows the request: of the bindings of the cluster first, then of those of the namespace. */
  firstAllowing(attributes: Attributes): Grant | undefined {
    const { user } = attributes
    const namespace = namespaceOf(attributes)
    this.#roles.aggregate()
    const first = this.#clusterWide.firstAllowing(user, attributes, this.#roles.indexes(''))
    if (first !== undefined) return first
    return this.#namespacedFor(namespace)?.firstAllowing(user, attributes, this.#roles.indexes(namespace))
  }

  /** Whether a binding of the user refers to a missing role. */
  hasMissingRole(attributes: Attributes): boolean {
    const { user } = attributes
    if (this.#clusterWide.hasMissingRole(user)) return true
    return this.#namespacedFor(namespaceOf(attributes))?.hasMissingRole(user) === true
  }

  /** All grants of a user in the order of evaluation. */
  grantsFor(user: UserInfo, namespace: string): readonly Grant[] {
    this.#roles.aggregate()
    const inNamespace = this.#namespacedFor(namespace)
    return [...this.#clusterWide.grantsFor(user), ...(inNamespace?.grantsFor(user) ?? [])]
  }

  #namespacedFor(namespace: string): SubjectIndex | undefined {
    return namespace === '' ? undefined : this.#namespaced.get(namespace)
  }

  #indexOf({ kind, namespace }: AnyBinding): SubjectIndex {
    if (kind === 'ClusterRoleBinding') return this.#clusterWide
    const index = this.#namespaced.get(namespace) ?? new SubjectIndex()
    this.#namespaced.set(namespace, index)
    return index
  }
}

/** Bindings in a namespace grant no non-resource paths. */
export function namespaceOf(attributes: Attributes): string {
  return attributes.resourceRequest ? attributes.namespace : ''
}
