import { SYSTEM_NAMESPACES } from '../registry/namespace-lifecycle.ts'
import type { Registry } from '../registry/registry.ts'
import { namespaces } from '../registry/resources/namespaces.ts'
import type { SelectiveController } from './loop/selective-controller.ts'

/**
 * Creates the namespaces that every cluster has again, when one of them is gone.
 *
 * Source: kubernetes `pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go`, which looks once a minute.
 */
export function systemNamespaces(registry: Registry): SelectiveController {
  return {
    name: 'system-namespaces-controller',
    resources: [namespaces],
    concerns: ({ name }, object) => object === undefined && SYSTEM_NAMESPACES.includes(name),
    async reconcile({ name }, object) {
      if (object === undefined && SYSTEM_NAMESPACES.includes(name)) await registry.createSystemNamespaces()
      return {}
    },
  }
}
