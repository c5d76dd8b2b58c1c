import { type Secret, valueOf } from '../../internal/secret.ts'
import { BootstrapField, expirationOf, isBootstrapSecret } from './secret-fields.ts'
import { clusterInfoSigning } from './signature.ts'
import { type BootstrapTokenParts, tokenIdOfSecretName } from './token-format.ts'

/** The `data` of a ConfigMap. */
export type ConfigMapData = Readonly<Record<string, string>>

/** A token that signs. */
export interface SigningToken extends BootstrapTokenParts {
  /** Milliseconds since the epoch; `Infinity` for a token that does not end. */
  readonly expiresAtMs: number
}

/**
 * The `data` that `kube-public/cluster-info` should have instead of this: the kubeconfig signed with each token that is for signing and
 * has not expired, and no other signatures. `undefined` when it is so already, or when there is no kubeconfig to sign.
 *
 * Source: kubernetes `pkg/controller/bootstrap/bootstrapsigner.go` (`signConfigMap`).
 *
 * @param secrets the secrets of `kube-system`; those of no such token do not count.
 * @throws {RangeError} when it would be larger than a ConfigMap can be.
 * @example
 * const data = signedClusterInfo(configMap.data, secrets, Date.now()) ?? configMap.data
 */
export function signedClusterInfo(
  data: ConfigMapData,
  secrets: Iterable<Secret>,
  nowMs: number,
): ConfigMapData | undefined {
  return withSignatures(data, signingTokens(secrets, nowMs))
}

/** As {@link signedClusterInfo}, with these tokens. */
export function withSignatures(
  data: ConfigMapData,
  tokens: readonly SigningToken[],
): ConfigMapData | undefined {
  if (!Object.hasOwn(data, KUBECONFIG_KEY)) return undefined
  const kubeconfig = valueOf(data, KUBECONFIG_KEY)
  // Told before anything is signed, so that the work is bounded.
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
 * The tokens that sign, in order of their ids: those that say so in a secret whose name agrees with the id in it, until they expire.
 *
 * Source: kubernetes `pkg/controller/bootstrap/util.go` (`validateSecretForSigning`).
 */
export function signingTokens(secrets: Iterable<Secret>, nowMs: number): readonly SigningToken[] {
  const byId = new Map<string, SigningToken>()
  for (const secret of secrets) {
    const token = signingTokenOf(secret, nowMs)
    if (token !== undefined && !byId.has(token.id)) byId.set(token.id, token)
  }
  return [...byId.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1))
}

function signingTokenOf(secret: Secret, nowMs: number): SigningToken | undefined {
  if (!isBootstrapSecret(secret)) return undefined
  const id = tokenIdOfSecretName(secret.name)
  if (id === undefined || valueOf(secret.data, BootstrapField.tokenId) !== id) return undefined
  const tokenSecret = valueOf(secret.data, BootstrapField.tokenSecret)
  if (tokenSecret === '') return undefined
  const expiresAtMs = expirationOf(secret)
  if (!(expiresAtMs > nowMs)) return undefined
  if (valueOf(secret.data, BootstrapField.usageSigning) !== 'true') return undefined
  return { id, secret: tokenSecret, expiresAtMs }
}

/** The key of what is signed. */
const KUBECONFIG_KEY = 'kubeconfig'
/** The key of a signature is this and the id of the token. */
const SIGNATURE_KEY_PREFIX = 'jws-kubeconfig-'
/** As much as Kubernetes lets a ConfigMap have (`MaxSecretSize`), in characters. */
const MAX_LENGTH = 1_048_576
/** A key and its value: `jws-kubeconfig-abcdef` and two parts of base64url. */
const SIGNATURE_LENGTH = 21 + 85
