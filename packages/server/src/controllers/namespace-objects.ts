import { valueOf } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import type { Registry } from '../registry/registry.ts'
import type { Resource } from '../registry/resource.ts'
import { configMaps } from '../registry/resources/config-maps.ts'
import { entriesOf } from '../registry/resources/data-fields.ts'
import { namespaces } from '../registry/resources/namespaces.ts'
import { serviceAccounts } from '../registry/resources/service-accounts.ts'
import type { ObjectController, ObjectKey } from './object-controller.ts'
import { createMissing, readObject, replaceUnchanged } from './registry-access.ts'

interface NamespaceObject {
  readonly resource: Resource
  readonly name: string
  /** As it is written if it is missing. */
  readonly created: KubeObject
  /** What one should be that there is; `undefined` if it is right. Default: it is. */
  readonly corrected?: (present: KubeObject) => KubeObject | undefined
}

/** Keeps an object in each namespace that is not being deleted. */
function inEachNamespace(
  registry: Registry,
  controller: string,
  { resource: kept, name: keptName, created, corrected = () => undefined }: NamespaceObject,
): ObjectController {
  return {
    name: controller,
    resources: [namespaces, kept],
    concerns: ({ resource, name }, object) =>
      resource === namespaces
        ? isActive(object)
        : name === keptName && (object === undefined || corrected(object) !== undefined),
    async reconcile({ resource, namespace, name }) {
      const place = resource === namespaces ? name : namespace
      const target = { resource: kept, namespace: place, name: keptName }
      const present = await readObject(registry, target)
      if (present === undefined) {
        const holder = await readObject(registry, { resource: namespaces, namespace: '', name: place })
        if (isActive(holder)) await createMissing(registry, target, created)
      } else {
        const right = corrected(present)
        if (right !== undefined) await replaceUnchanged(registry, target, right)
      }
      return {}
    },
  }
}

/** Whether objects may be created in a namespace. */
function isActive(namespace: KubeObject | undefined): boolean {
  return namespace !== undefined && namespace.metadata.deletionTimestamp === undefined
}

/**
 * Creates the service account `default` in each namespace, again if it is deleted.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/serviceaccounts_controller.go`.
 */
export function defaultServiceAccountController(registry: Registry): ObjectController {
  return inEachNamespace(registry, 'serviceaccount-controller', {
    resource: serviceAccounts,
    name: 'default',
    created: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: {} },
  })
}

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
export function rootCAPublisher(registry: Registry, rootCA: string): ObjectController {
  const annotations = { [DESCRIPTION_ANNOTATION]: DESCRIPTION }
  const data = { [KEY]: rootCA }
  return inEachNamespace(registry, 'root-ca-certificate-publisher-controller', {
    resource: configMaps,
    name: 'kube-root-ca.crt',
    created: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { annotations }, data },
    corrected(present) {
      const { metadata } = present
      const [[key, value] = [], ...others] = entriesOf(present['data'])
      const isDescribed = valueOf(metadata.annotations, DESCRIPTION_ANNOTATION) !== ''
      if (key === KEY && value === rootCA && others.length === 0 && isDescribed) return undefined
      return {
        ...present,
        metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
        data,
      }
    },
  })
}

/**
 * Keeps some members of the `data` of a ConfigMap, which is created if it is missing, as soon as there is its namespace.
 *
 * @param lacking the members that the present ones lack or have otherwise; `undefined` if they are right. It is asked for all of them if there is no ConfigMap.
 */
export function configMapKeeper(
  registry: Registry,
  controller: string,
  configMap: ObjectKey,
  lacking: (present: Readonly<Record<string, string>>) => Readonly<Record<string, string>> | undefined,
): ObjectController {
  const { namespace, name } = configMap
  return {
    name: controller,
    resources: [namespaces, configMaps],
    concerns: (key) =>
      key.resource === namespaces ? key.name === namespace : key.namespace === namespace && key.name === name,
    async reconcile() {
      const object = await readObject(registry, configMap)
      const present = Object.fromEntries(entriesOf(object?.['data']))
      const data = lacking(present)
      if (data === undefined) return {}
      if (object === undefined) {
        await createMissing(registry, configMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data })
      } else await replaceUnchanged(registry, configMap, { ...object, data: { ...present, ...data } })
      return {}
    },
  }
}
