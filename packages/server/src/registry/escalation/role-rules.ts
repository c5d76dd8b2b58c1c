import { errorList } from '@kube-authn/core/internal'
import {
  decodeRbacObject,
  effectiveRules,
  type PolicyRule,
  type RbacObject,
  type RoleRef,
} from '@kube-authn/core/authorization'
import type { KubeObject } from '../kube-object.ts'
import type { Resource, Services } from '../resource.ts'
import { notFound } from '../status-errors.ts'

/** The decoded form of a role or binding; `undefined` if it is invalid. */
export function decodedRbac({ metadata, ...object }: KubeObject): RbacObject | undefined {
  const { name = '', namespace = '', labels = {} } = metadata
  const decoded = decodeRbacObject({ ...object, metadata: { name, namespace, labels } }, errorList())
  return decoded === undefined || decoded.kind === 'foreign' ? undefined : decoded
}

/** The resources of roles. */
export interface RoleResources {
  readonly roles: Resource
  readonly clusterRoles: Resource
}

/**
 * The rules that a binding grants. Those of an aggregated role are what is written in it and what its selectors find now, whichever of them the authorizer reads.
 *
 * @param binding the resource of the binding, which Kubernetes names in place of that of the role.
 * @throws {StatusError} 404 if there is no such role.
 */
export async function rulesOfRole(
  { kind, name }: RoleRef,
  namespace: string,
  services: Services,
  { roles, clusterRoles }: RoleResources,
  binding: Resource,
): Promise<readonly PolicyRule[]> {
  const resource = kind === 'Role' ? roles : clusterRoles
  const found = await services.find(resource, kind === 'Role' ? namespace : '', name)
  const role = found && decodedRbac(found)
  if (role === undefined || !('rules' in role)) throw notFound(binding, name)
  if (role.kind === 'Role' || role.aggregation === undefined) return role.rules
  const all = (await services.list(clusterRoles)).map(decodedRbac)
  const decoded = all.filter((each) => each?.kind === 'ClusterRole')
  const rules = [...role.rules, ...(effectiveRules(decoded).get(name) ?? [])]
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()]
}
