import type { Clock } from '@kube-authn/core'
import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aClock, withMethods } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { registry, type Registry } from '../registry/registry.ts'
import type { Resource } from '../registry/resource.ts'
import { clusterRoleBindings, clusterRoles, rbacResources } from '../registry/resources/rbac.ts'
import { ignoreMissing, isConflict, isMissing } from '../registry/status-errors.ts'
import type { ObjectStore } from '@kube-authn/store'
import { storeClock } from '@kube-authn/store/internal'
import { BOOTSTRAP_BINDINGS, BOOTSTRAP_ROLES } from './bootstrap-policy.ts'
import { bindingObject, type Reconciled, reconciledBinding, reconciledRole, roleObject } from './reconcile.ts'

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
