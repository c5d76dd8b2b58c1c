import { valueOf } from '@kube-authn/core/internal'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { entriesOf } from '../../registry/resources/data-fields.ts'
import { namespaces } from '../../registry/resources/namespaces.ts'
import type { SelectiveController } from '../object-controller.ts'
import {
  createMissing,
  isActive,
  isActiveNamespace,
  readObject,
  replaceUnchanged,
} from '../registry-access.ts'

const NAME = 'kube-root-ca.crt'
const KEY = 'ca.crt'
const DESCRIPTION_ANNOTATION = 'kubernetes.io/description'
const DESCRIPTION =
  'The certificates that prove the identity of this API server to clients inside of the cluster.'

/**
 * Keeps the ConfigMap `kube-root-ca.crt` in each namespace: the CA that clients should trust, and nothing else.
 *
 * Source: kubernetes `pkg/controller/certificates/rootcacertpublisher/publisher.go`.
 *
 * @param rootCA as PEM.
 */
export function rootCAPublisher(registry: Registry, rootCA: string): SelectiveController {
  const annotations = { [DESCRIPTION_ANNOTATION]: DESCRIPTION }
  const data = { [KEY]: rootCA }
  const isRight = (configMap: KubeObject): boolean => {
    const entries = entriesOf(configMap['data'])
    return (
      entries.length === 1 &&
      entries.every(([key, value]) => key === KEY && value === rootCA) &&
      valueOf(configMap.metadata.annotations, DESCRIPTION_ANNOTATION) !== ''
    )
  }

  return {
    name: 'root-ca-certificate-publisher-controller',
    resources: [namespaces, configMaps],
    concerns: ({ resource, name }, object) =>
      resource === namespaces
        ? isActive(object)
        : name === NAME && (object === undefined || !isRight(object)),
    async reconcile({ resource, namespace, name }) {
      const target = {
        resource: configMaps,
        namespace: resource === namespaces ? name : namespace,
        name: NAME,
      }
      const present = await readObject(registry, target)
      if (present === undefined) {
        if (!(await isActiveNamespace(registry, target.namespace))) return {}
        const created = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { annotations }, data }
        await createMissing(registry, target, created)
      } else if (!isRight(present)) {
        const metadata = {
          ...present.metadata,
          annotations: { ...present.metadata.annotations, ...annotations },
        }
        await replaceUnchanged(registry, target, { ...present, metadata, data })
      }
      return {}
    },
  }
}
