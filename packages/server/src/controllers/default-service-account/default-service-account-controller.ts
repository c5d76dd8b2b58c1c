import type { Registry } from '../../registry/registry.ts'
import { namespaces } from '../../registry/resources/namespaces.ts'
import { serviceAccounts } from '../../registry/resources/service-accounts.ts'
import type { SelectiveController } from '../object-controller.ts'
import { createMissing, isActive, isActiveNamespace, readObject } from '../registry-access.ts'

const NAME = 'default'

/**
 * Creates the service account `default` in each namespace, again if it is deleted.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/serviceaccounts_controller.go`.
 */
export function defaultServiceAccountController(registry: Registry): SelectiveController {
  return {
    name: 'serviceaccount-controller',
    resources: [namespaces, serviceAccounts],
    concerns: ({ resource, name }, object) =>
      resource === namespaces ? isActive(object) : name === NAME && object === undefined,
    async reconcile({ resource, namespace, name }, object) {
      const place = resource === namespaces ? name : namespace
      const target = { resource: serviceAccounts, namespace: place, name: NAME }
      const isWanted = resource === namespaces ? isActive(object) : await isActiveNamespace(registry, place)
      if (isWanted && (await readObject(registry, target)) === undefined) {
        await createMissing(registry, target, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: {} })
      }
      return {}
    },
  }
}
