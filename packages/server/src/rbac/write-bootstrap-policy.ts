import type { Clock } from '@kube-authn/core'
import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aClock, withMethods } from '@kube-authn/core/internal'
import { isSameJson, type KubeObject, type ObjectMeta, partIn, partsIn } from '../registry/kube-object.ts'
import { registry, type Registry } from '../registry/registry.ts'
import type { Resource } from '../registry/resource.ts'
import { clusterRoleBindings, clusterRoles, rbacResources } from '../registry/resources/rbac.ts'
import { ignoreMissing, isConflict, isMissing } from '../registry/status-errors.ts'
import type { ObjectStore } from '@kube-authn/store'
import { storeClock } from '@kube-authn/store/internal'
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_ROLES,
  type BootstrapBinding,
  type BootstrapRole,
} from './bootstrap-policy.ts'
import { RBAC_API_GROUP } from '@kube-authn/core/authorization'
import { coverage } from '../registry/escalation/covers.ts'
import { decodedRbac, writtenRule } from '../registry/escalation/escalation.ts'

/** Options of {@link writeBootstrapPolicy}. */
export interface WriteBootstrapPolicyOptions {
  /** Where the roles and bindings are. */
  readonly store: ObjectStore
  /** The time of creations. Default: that of the store. */
  readonly clock?: Clock
}

const shape: OptionsShape<WriteBootstrapPolicyOptions> = {
  store: required(withMethods('a store of objects', 'get', 'list', 'create', 'update', 'delete', 'watch')),
  clock: aClock,
}

/** How often an object is tried that others change too. */
const MAX_ATTEMPTS = 8

/**
 * Writes the roles and bindings that every cluster has: `cluster-admin` for `system:masters`, `admin`, `edit` and `view`, discovery and reviews of oneself for everyone
 * who is authenticated. To be called at each start: it adds what is missing in those that there are, takes nothing away, and leaves alone what has the annotation
 * `rbac.authorization.kubernetes.io/autoupdate: "false"`.
 *
 * Source: kubernetes `pkg/registry/rbac/rest/storage_rbac.go` ensureRBACPolicy.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StatusError} 503 if the store is not available.
 */
export async function writeBootstrapPolicy(options: WriteBootstrapPolicyOptions): Promise<void> {
  checkOptions(shape, options)
  const { store, clock = storeClock(options.store) } = options
  const objects = registry({ store, resources: rbacResources, clock })
  // At once, so that the store waits for the disk once. A binding needs its role.
  await Promise.all(
    BOOTSTRAP_ROLES.map((role) => reconcile(objects, clusterRoles, roleObject(role), reconciledRole)),
  )
  await Promise.all(
    BOOTSTRAP_BINDINGS.map((binding) =>
      reconcile(objects, clusterRoleBindings, bindingObject(binding), reconciledBinding),
    ),
  )
}

async function reconcile(
  objects: Registry,
  resource: Resource,
  expected: KubeObject,
  reconciled: (existing: KubeObject, expected: KubeObject) => Reconciled,
): Promise<void> {
  const target = { resource, namespace: '', name: expected.metadata.name ?? '' }
  for (let attempt = 1; ; attempt++) {
    try {
      const existing = await objects.get(target).catch(ignoreMissing)
      const next = existing && reconciled(existing, expected)
      if (next?.type === 'kept') return
      if (next?.type === 'updated') {
        await objects.update(target, next.object)
        return
      }
      // Only what was found to need another one in its place is deleted.
      const resourceVersion = existing?.metadata.resourceVersion
      if (existing !== undefined) await objects.delete(target, { resourceVersion })
      await objects.create(target, expected)
      return
    } catch (thrown) {
      // Another server does the same, or someone changes the object.
      if (attempt === MAX_ATTEMPTS || !(isConflict(thrown) || isMissing(thrown))) throw thrown
    }
  }
}

const API_VERSION = `${RBAC_API_GROUP}/v1`
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate'

function roleObject({ name, labels = {}, rules, aggregates }: BootstrapRole): KubeObject {
  return {
    kind: 'ClusterRole',
    apiVersion: API_VERSION,
    metadata: metadataOf(name, labels),
    rules,
    ...(aggregates !== undefined && {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregates]: 'true' } }] },
    }),
  }
}

function bindingObject({ name, groups }: BootstrapBinding): KubeObject {
  return {
    kind: 'ClusterRoleBinding',
    apiVersion: API_VERSION,
    metadata: metadataOf(name, {}),
    roleRef: { apiGroup: RBAC_API_GROUP, kind: 'ClusterRole', name },
    subjects: groups.map((group) => ({ apiGroup: RBAC_API_GROUP, kind: 'Group', name: group })),
  }
}

function metadataOf(name: string, labels: Readonly<Record<string, string>>): ObjectMeta {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [AUTO_UPDATE]: 'true' },
  }
}

/** What becomes of an object that there is. */
type Reconciled =
  /** It has everything, or wants to stay as it is. */
  | { readonly type: 'kept' }
  | { readonly type: 'updated'; readonly object: KubeObject }
  /** It cannot be changed as it should be. */
  | { readonly type: 'replaced' }

/**
 * Adds what a role lacks: labels, annotations, rules and selectors. Nothing is taken away, except an aggregation rule that the role should not have.
 *
 * Source: kubernetes `pkg/registry/rbac/reconciliation/reconcile_role.go`.
 */
function reconciledRole(existing: KubeObject, expected: KubeObject): Reconciled {
  if (isProtected(existing)) return { type: 'kept' }
  const known = decodedRbac(existing)
  const wanted = decodedRbac(expected)
  if (known?.kind !== 'ClusterRole' || wanted?.kind !== 'ClusterRole') return { type: 'replaced' }
  const { aggregationRule: _, ...fields } = existing
  const missing = known.aggregation === undefined ? coverage(known.rules, wanted.rules).missing : []
  const rules = [...partsIn(existing, 'rules'), ...missing.map(writtenRule)]
  const selectors = [
    ...new Map(
      [...selectorsOf(existing), ...selectorsOf(expected)].map((each) => [JSON.stringify(each), each]),
    ).values(),
  ]
  return changed(existing, {
    ...fields,
    rules,
    ...(wanted.aggregation !== undefined && { aggregationRule: { clusterRoleSelectors: selectors } }),
    metadata: mergedMetadata(existing, expected),
  })
}

/**
 * Adds what a binding lacks: labels, annotations and subjects.
 *
 * Source: kubernetes `pkg/registry/rbac/reconciliation/reconcile_rolebindings.go`.
 */
function reconciledBinding(existing: KubeObject, expected: KubeObject): Reconciled {
  if (isProtected(existing)) return { type: 'kept' }
  if (!isSameJson(existing['roleRef'], expected['roleRef'])) return { type: 'replaced' }
  const subjects = partsIn(existing, 'subjects')
  const missing = partsIn(expected, 'subjects').filter(
    (each) => !subjects.some((known) => isSameJson(known, each)),
  )
  return changed(existing, {
    ...existing,
    ...(subjects.length + missing.length > 0 && { subjects: [...subjects, ...missing] }),
    metadata: mergedMetadata(existing, expected),
  })
}

function changed(existing: KubeObject, object: KubeObject): Reconciled {
  return isSameJson(existing, object) ? { type: 'kept' } : { type: 'updated', object }
}

/** Who changed an object may keep it from being updated. */
function isProtected({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[AUTO_UPDATE] === 'false'
}

/** What is there already wins. */
function mergedMetadata({ metadata }: KubeObject, expected: KubeObject): ObjectMeta {
  return {
    ...metadata,
    labels: { ...expected.metadata.labels, ...metadata.labels },
    annotations: { ...expected.metadata.annotations, ...metadata.annotations },
  }
}

function selectorsOf(role: KubeObject): readonly unknown[] {
  return partsIn(partIn(role, 'aggregationRule'), 'clusterRoleSelectors')
}
