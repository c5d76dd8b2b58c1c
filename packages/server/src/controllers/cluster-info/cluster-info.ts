import {
  BootstrapField,
  type BootstrapTokenParts,
  expirationOf,
  isBootstrapSecret,
  type Secret,
  tokenIdOfSecretName,
  BOOTSTRAP_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
} from '@kube-authn/core/bootstrap-token'
import { byCodeUnits, valueOf } from '@kube-authn/core/internal'
import { clusterInfoSigning } from './signature.ts'
import type { Clock } from '@kube-authn/core'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { entriesOf } from '../../registry/resources/data-fields.ts'
import { secrets, secretTypeOf } from '../../registry/resources/secrets.ts'
import type { ObjectController, ObjectKey } from '../object-controller.ts'
import { wholeCheck } from '../loop/whole-check.ts'
import { readObject, replaceUnchanged } from '../registry-access.ts'
import { secretOf } from '../../credentials/stored-credentials.ts'
import { configMapKeeper } from '../namespace-objects.ts'

export type ConfigMapData = Readonly<Record<string, string>>

/**
 * Returns the `data` that `kube-public/cluster-info` should have: the kubeconfig signed with each unexpired signing token, and no other
 * signatures. Returns `undefined` if nothing changes or there is no kubeconfig to sign.
 *
 * Source: kubernetes `pkg/controller/bootstrap/bootstrapsigner.go` (`signConfigMap`).
 *
 * @param given the secrets of `kube-system`; those without a signing token are ignored.
 * @throws {RangeError} if it would exceed the maximum size of a ConfigMap.
 */
export function signedClusterInfo(
  data: ConfigMapData,
  given: Iterable<Secret>,
  nowMs: number,
): ConfigMapData | undefined {
  if (!Object.hasOwn(data, KUBECONFIG_KEY)) return undefined
  const tokens = signingTokens(given, nowMs)
  const kubeconfig = valueOf(data, KUBECONFIG_KEY)
  // Checked before signing, to bound the work.
  if (kubeconfig.length + tokens.length * SIGNATURE_LENGTH > MAX_LENGTH) {
    throw new RangeError('cluster-info would be larger than 1 MiB')
  }
  const sign = clusterInfoSigning(kubeconfig)
  const wanted = new Map(tokens.map((token) => [SIGNATURE_KEY_PREFIX + token.id, sign(token)]))
  const present = Object.keys(data).filter((key) => key.startsWith(SIGNATURE_KEY_PREFIX))
  const isSigned =
    present.length === wanted.size && present.every((key) => wanted.get(key) === valueOf(data, key))
  if (isSigned) return undefined
  const others = Object.entries(data).filter(([key]) => !key.startsWith(SIGNATURE_KEY_PREFIX))
  return Object.fromEntries([...others, ...wanted])
}

/**
 * The unexpired signing tokens, sorted by id. The name of a secret must match the token id in it.
 *
 * Source: kubernetes `pkg/controller/bootstrap/util.go` (`validateSecretForSigning`).
 */
function signingTokens(given: Iterable<Secret>, nowMs: number): readonly BootstrapTokenParts[] {
  const byId = new Map<string, BootstrapTokenParts>()
  for (const secret of given) {
    const token = signingTokenOf(secret, nowMs)
    if (token !== undefined && !byId.has(token.id)) byId.set(token.id, token)
  }
  return [...byId.values()].toSorted((one, other) => byCodeUnits(one.id, other.id))
}

function signingTokenOf(secret: Secret, nowMs: number): BootstrapTokenParts | undefined {
  if (!isBootstrapSecret(secret)) return undefined
  const id = tokenIdOfSecretName(secret.name)
  if (id === undefined || valueOf(secret.data, BootstrapField.tokenId) !== id) return undefined
  const tokenSecret = valueOf(secret.data, BootstrapField.tokenSecret)
  if (tokenSecret === '') return undefined
  if (!(expirationOf(secret) > nowMs)) return undefined
  if (valueOf(secret.data, BootstrapField.usageSigning) !== 'true') return undefined
  return { id, secret: tokenSecret }
}

const KUBECONFIG_KEY = 'kubeconfig'
/** Followed by the id of the token. */
const SIGNATURE_KEY_PREFIX = 'jws-kubeconfig-'
/** The Kubernetes limit for a ConfigMap (`MaxSecretSize`), in characters. */
const MAX_LENGTH = 1_048_576
/** A key, `jws-kubeconfig-abcdef`, and its value, two base64url parts. */
const SIGNATURE_LENGTH = 21 + 85

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
        resource === secrets && object !== undefined ? expirationOf(secretOf(object)) - clock.now() : Infinity
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
