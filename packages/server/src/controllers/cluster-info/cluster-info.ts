import {
  BootstrapField,
  type BootstrapTokenParts,
  expirationOf,
  isBootstrapSecret,
  type Secret,
  tokenIdOfSecretName,
} from '@kube-authn/core/bootstrap-token'
import { byCodeUnits, valueOf } from '@kube-authn/core/internal'
import { clusterInfoSigning } from './signature.ts'

/** The `data` of a ConfigMap. */
export type ConfigMapData = Readonly<Record<string, string>>

/**
 * Returns the `data` that `kube-public/cluster-info` should have: the kubeconfig signed with each unexpired signing token, and no other
 * signatures. Returns `undefined` if nothing changes or there is no kubeconfig to sign.
 *
 * Source: kubernetes `pkg/controller/bootstrap/bootstrapsigner.go` (`signConfigMap`).
 *
 * @param secrets the secrets of `kube-system`; those without a signing token are ignored.
 * @throws {RangeError} if it would exceed the maximum size of a ConfigMap.
 * @example
 * const data = signedClusterInfo(configMap.data, secrets, Date.now()) ?? configMap.data
 */
export function signedClusterInfo(
  data: ConfigMapData,
  secrets: Iterable<Secret>,
  nowMs: number,
): ConfigMapData | undefined {
  if (!Object.hasOwn(data, KUBECONFIG_KEY)) return undefined
  const tokens = signingTokens(secrets, nowMs)
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
function signingTokens(secrets: Iterable<Secret>, nowMs: number): readonly BootstrapTokenParts[] {
  const byId = new Map<string, BootstrapTokenParts>()
  for (const secret of secrets) {
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

/** The key of the signed kubeconfig. */
export const KUBECONFIG_KEY = 'kubeconfig'
/** Followed by the id of the token. */
const SIGNATURE_KEY_PREFIX = 'jws-kubeconfig-'
/** The Kubernetes limit for a ConfigMap (`MaxSecretSize`), in characters. */
const MAX_LENGTH = 1_048_576
/** A key, `jws-kubeconfig-abcdef`, and its value, two base64url parts. */
const SIGNATURE_LENGTH = 21 + 85
