import type { Clock } from '@kube-authn/core'
import {
  BOOTSTRAP_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  expirationOf,
  tokenIdOfSecretName,
} from '@kube-authn/core/bootstrap-token'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { entriesOf } from '../../registry/resources/data-fields.ts'
import { secrets, secretTypeOf } from '../../registry/resources/secrets.ts'
import type { ObjectController, ObjectKey } from '../object-controller.ts'
import { wholeCheck } from '../loop/whole-check.ts'
import { readObject, replaceUnchanged } from '../registry-access.ts'
import { secretOf } from '../../credentials/stored-credentials.ts'
import { KUBECONFIG_KEY, signedClusterInfo } from './cluster-info.ts'
import { configMapKeeper } from '../namespace-objects.ts'

/**
 * Signs `kube-public/cluster-info` with each bootstrap token that may, until it expires.
 *
 * Source: kubernetes `pkg/controller/bootstrap/bootstrapsigner.go`.
 */
export function clusterInfoController(registry: Registry, clock: Clock): ObjectController {
  const check = wholeCheck(() => signAll(registry, clock.now()))
  return {
    name: 'bootstrap-signer-controller',
    resources: [configMaps, secrets],
    concerns,
    async reconcile({ resource }, object) {
      const remainingMs =
        resource === secrets && object !== undefined ? remaining(object, clock.now()) : Infinity
      // What has expired has not changed, and its signature must go.
      await check(remainingMs > 0 ? object : undefined)
      return remainingMs > 0 && remainingMs < Infinity ? { againAfterMs: remainingMs } : {}
    },
  }
}

function concerns({ resource, namespace, name }: ObjectKey, object: KubeObject | undefined): boolean {
  if (resource === configMaps) {
    return object !== undefined && namespace === CLUSTER_INFO.namespace && name === CLUSTER_INFO.name
  }
  if (namespace !== BOOTSTRAP_NAMESPACE || tokenIdOfSecretName(name) === undefined) return false
  return object === undefined || secretTypeOf(object) === BOOTSTRAP_SECRET_TYPE
}

function remaining(secret: KubeObject, nowMs: number): number {
  return expirationOf(secretOf(secret)) - nowMs
}

/** @returns the revision that the signatures are of; `undefined` if the ConfigMap changed meanwhile. */
async function signAll(registry: Registry, nowMs: number): Promise<number | undefined> {
  const { items, resourceVersion } = await registry.list({
    resource: secrets,
    namespace: BOOTSTRAP_NAMESPACE,
    fieldSelector: `type=${BOOTSTRAP_SECRET_TYPE}`,
  })
  // Read after the list, so that it has every change up to the revision of that.
  const configMap = await readObject(registry, CLUSTER_INFO)
  if (configMap === undefined) return Number(resourceVersion)
  const present = Object.fromEntries(entriesOf(configMap['data']))
  const data = signedClusterInfo(present, items.map(secretOf), nowMs)
  const isUnchanged =
    data === undefined || (await replaceUnchanged(registry, CLUSTER_INFO, { ...configMap, data }))
  return isUnchanged ? Number(resourceVersion) : undefined
}

/** The ConfigMap from which machines that join learn about the cluster. */
const CLUSTER_INFO: ObjectKey = {
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
export function clusterInfoPublisher(registry: Registry, kubeconfig: string): ObjectController {
  return configMapKeeper(registry, 'cluster-info-controller', CLUSTER_INFO, (present) =>
    present[KUBECONFIG_KEY] === kubeconfig ? undefined : { [KUBECONFIG_KEY]: kubeconfig },
  )
}
