import { byCodeUnits, type UserRules, errorList } from '@kube-authn/core/internal'
import {
  attributesOf,
  decide,
  MASTERS_GROUP,
  type PolicyRule,
  RBAC_API_GROUP,
  type RequestAttributes,
  decodeRbacObject,
  effectiveRules,
  type RbacObject,
  type RoleRef,
} from '@kube-authn/core/authorization'
import { quoted } from '@kube-authn/internal/quote'
import { isSameJson, type KubeObject } from '../kube-object.ts'
import type { Change, Resource, Services } from '../resource.ts'
import { forbidden, notFound } from '../status-errors.ts'
import { coverage, NO_RULE } from './covers.ts'

/** `*` on everything, which an aggregation rule can lead to. */
const FULL_AUTHORITY: readonly PolicyRule[] = [
  { ...NO_RULE, verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { ...NO_RULE, verbs: ['*'], nonResourceURLs: ['*'] },
]

/**
 * Refuses a role with rights that the caller does not have, unless it may `escalate` the role.
 *
 * Source: kubernetes `pkg/registry/rbac/{role,clusterrole}/policybased/storage.go`.
 *
 * @throws {StatusError} 403
 */
export async function authorizeRole(resource: Resource, change: Change): Promise<void> {
  const { object, old, requestName } = change
  const { namespace = '', name = '' } = object.metadata
  const caller = restrained(change)
  if (caller === undefined || isSameButOwned(object, old)) return
  const { plural } = resource
  if (await caller.may({ verb: 'escalate', resource: plural, name: requestName, namespace })) return
  const role = decodedRbac(object)
  const rules = role !== undefined && 'rules' in role ? role.rules : []
  const lack = caller.lack(rules, namespace)
  if (lack !== undefined) throw forbidden(resource, name, lack)
  const isAggregated = [object, old].some((each) => hasAggregationRule(each))
  if (isAggregated && caller.lack(FULL_AUTHORITY, namespace) !== undefined) {
    throw forbidden(resource, name, 'must have cluster-admin privileges to use the aggregationRule')
  }
}

/**
 * Refuses the binding of a role with rights that the caller does not have, unless it may `bind` the role.
 *
 * Source: kubernetes `pkg/registry/rbac/{rolebinding,clusterrolebinding}/policybased/storage.go`.
 *
 * @throws {StatusError} 403; 404 if there is no such role.
 */
export async function authorizeBinding(
  resource: Resource,
  change: Change,
  resources: RoleResources,
): Promise<void> {
  const { object, old, services } = change
  const { namespace = '', name = '' } = object.metadata
  const caller = restrained(change)
  if (caller === undefined || isSameButOwned(object, old)) return
  const binding = decodedRbac(object)
  if (binding === undefined || !('roleRef' in binding)) return
  const { kind, name: role } = binding.roleRef
  // Another reference is invalid.
  if (kind !== 'ClusterRole' && (kind !== 'Role' || namespace === '')) return
  const { plural } = kind === 'Role' ? resources.roles : resources.clusterRoles
  if (await caller.may({ verb: 'bind', resource: plural, name: role, namespace })) return
  const lack = caller.lack(
    await rulesOfRole(binding.roleRef, namespace, services, resources, resource),
    namespace,
  )
  if (lack !== undefined) throw forbidden(resource, name, lack)
}

/** A caller that may grant only what it has. */
interface Restrained {
  may(what: Pick<RequestAttributes, 'verb' | 'resource' | 'name' | 'namespace'>): Promise<boolean>
  /** Why rules cannot be granted; `undefined` if the caller has all of their rights. */
  lack(wanted: readonly PolicyRule[], namespace: string): string | undefined
}

/** `undefined` if the caller may grant everything: the server itself, a member of `system:masters`, or any caller if there is no authorizer. */
function restrained({ caller, services }: Change): Restrained | undefined {
  const { authorizer } = services
  if (caller === undefined || authorizer === undefined) return undefined
  const { user, context } = caller
  if (user.groups.includes(MASTERS_GROUP)) return undefined
  return {
    async may(what) {
      const attributes = attributesOf(user, { ...what, apiGroup: RBAC_API_GROUP, apiVersion: '*' })
      return (await decide(authorizer, attributes, context)).verdict === 'allow'
    },
    lack(wanted, namespace) {
      const held = services.rulesFor(user, namespace)
      const { missing, isTooLarge } = coverage(policyRules(held), wanted)
      const who = `user ${quoted(user.username)} (groups=${quotedList(user.groups)})`
      if (isTooLarge) return `${who} is attempting to grant more RBAC permissions than can be compared`
      if (missing.length === 0) return undefined
      const { evaluationError } = held
      const unresolved = evaluationError === undefined ? '' : `; resolution errors: [${evaluationError}]`
      return `${who} is attempting to grant RBAC permissions not currently held:\n${rightsText(missing)}${unresolved}`
    },
  }
}

/** Each member by its name: a resolver of the app may return rules that have others too. */
function policyRules({ resourceRules, nonResourceRules }: UserRules): readonly PolicyRule[] {
  return [
    ...resourceRules.map(({ verbs, apiGroups, resources, resourceNames }) => ({
      ...NO_RULE,
      verbs,
      apiGroups,
      resources,
      resourceNames,
    })),
    ...nonResourceRules.map(({ verbs, nonResourceURLs }) => ({ ...NO_RULE, verbs, nonResourceURLs })),
  ]
}

function hasAggregationRule(object: KubeObject | undefined): boolean {
  const decoded = object && decodedRbac(object)
  return decoded?.kind === 'ClusterRole' && (decoded.aggregation?.length ?? 0) > 0
}

/**
 * Whether only the fields differ that garbage collection needs.
 *
 * Source: kubernetes `pkg/registry/rbac/helpers.go` IsOnlyMutatingGCFields.
 */
function isSameButOwned(object: KubeObject, old: KubeObject | undefined): boolean {
  return old !== undefined && isSameJson(withoutOwners(object), withoutOwners(old))
}

const OWNERS: ReadonlySet<string> = new Set([
  'ownerReferences',
  'finalizers',
  'resourceVersion',
  'managedFields',
])

function withoutOwners({ metadata, ...fields }: KubeObject): object {
  const kept = Object.entries(metadata).filter(([name]) => !OWNERS.has(name))
  return { ...fields, metadata: Object.fromEntries(kept) }
}

/**
 * Rights as Kubernetes writes them, one rule a line: those of the same resource together.
 *
 * Source: kubernetes `pkg/registry/rbac/validation/policy_compact.go`, `pkg/apis/rbac/v1/evaluation_helpers.go` CompactString.
 *
 * @param rights with one verb each, as `coverage` finds them.
 */
function rightsText(rights: readonly PolicyRule[]): string {
  const lines = new Map<string, { readonly what: string; readonly verbs: string[] }>()
  for (const right of rights) {
    const what = [
      part('APIGroups', right.apiGroups),
      part('Resources', right.resources),
      part('NonResourceURLs', right.nonResourceURLs),
      part('ResourceNames', right.resourceNames),
    ]
      .filter((text) => text !== '')
      .join(', ')
    // Rights to URLs are not put together.
    const key = right.nonResourceURLs.length === 0 ? what : `${what} ${right.verbs.join(' ')}`
    const known = lines.get(key)
    if (known === undefined) lines.set(key, { what, verbs: [...right.verbs] })
    else if (right.nonResourceURLs.length === 0) known.verbs.push(...right.verbs)
  }
  return [...lines.values()]
    .map(({ what, verbs }) => `{${what}, ${part('Verbs', verbs)}}`)
    .toSorted(byCodeUnits)
    .join('\n')
}

function part(name: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `${name}:${quotedList(values)}`
}

/** A list as Go prints it with `%q`. */
function quotedList(values: readonly string[]): string {
  return `[${values.map(quoted).join(' ')}]`
}

/** The decoded form of a role or binding; `undefined` if it is invalid. */
export function decodedRbac(object: KubeObject): RbacObject | undefined {
  const decoded = decodeRbacObject(asAuthorized(object), errorList())
  return decoded === undefined || decoded.kind === 'foreign' ? undefined : decoded
}

/** An object with the metadata that the authorizer knows. */
export function asAuthorized(object: KubeObject): KubeObject {
  const { name = '', namespace = '', labels = {} } = object.metadata
  return { ...object, metadata: { name, namespace, labels } }
}

/** A rule without its empty lists, as clients write it. */
export function writtenRule(rule: PolicyRule): object {
  const lists: readonly (readonly [string, readonly string[]])[] = Object.entries(rule)
  return Object.fromEntries(lists.filter(([, values]) => values.length > 0))
}

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
async function rulesOfRole(
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
