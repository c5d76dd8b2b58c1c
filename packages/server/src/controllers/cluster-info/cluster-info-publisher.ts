import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { entriesOf } from '../../registry/resources/data-fields.ts'
import { namespaces } from '../../registry/resources/namespaces.ts'
import type { SelectiveController } from '../loop/selective-controller.ts'
import type { ObjectKey } from '../object-controller.ts'
import { createMissing, readObject, replaceUnchanged } from '../registry-access.ts'
import { KUBECONFIG_KEY } from './cluster-info.ts'

/** The ConfigMap from which machines that join learn about the cluster. */
export const CLUSTER_INFO: ObjectKey = {
  resource: configMaps,
  namespace: 'kube-public',
  name: 'cluster-info',
}

/**
 * Keeps the kubeconfig in `kube-public/cluster-info`, and leaves its signatures alone.
 *
 * Source: kubernetes `cmd/kubeadm/app/phases/bootstraptoken/clusterinfo/clusterinfo.go`.
 *
 * Deviation: kubeadm writes it once (`docs/deviations.md`, cluster-info).
 */
export function clusterInfoPublisher(registry: Registry, kubeconfig: string): SelectiveController {
  const { namespace, name } = CLUSTER_INFO
  const present = (object: KubeObject): string | undefined =>
    entriesOf(object['data']).find(([key]) => key === KUBECONFIG_KEY)?.[1]
  return {
    name: 'cluster-info-controller',
    resources: [namespaces, configMaps],
    concerns: (key) =>
      key.resource === namespaces ? key.name === namespace : key.namespace === namespace && key.name === name,
    async reconcile() {
      const object = await readObject(registry, CLUSTER_INFO)
      if (object === undefined) {
        const data = { [KUBECONFIG_KEY]: kubeconfig }
        await createMissing(registry, CLUSTER_INFO, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {},
          data,
        })
      } else if (present(object) !== kubeconfig) {
        const data = { ...Object.fromEntries(entriesOf(object['data'])), [KUBECONFIG_KEY]: kubeconfig }
        await replaceUnchanged(registry, CLUSTER_INFO, { ...object, data })
      }
      return {}
    },
  }
}
