import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { type Secret, valueOf } from '../../internal/secret.ts'

/** The only namespace in which secrets of bootstrap tokens are valid. */
export const BOOTSTRAP_NAMESPACE = 'kube-system'
/** The type of a secret with a bootstrap token. */
export const BOOTSTRAP_SECRET_TYPE = 'bootstrap.kubernetes.io/token'

/**
 * The keys of such a secret.
 *
 * Source: cluster-bootstrap `token/api/types.go`.
 */
export const BootstrapField = {
  tokenId: 'token-id',
  tokenSecret: 'token-secret',
  /** RFC 3339. */
  expiration: 'expiration',
  description: 'description',
  /** A comma-separated list. */
  extraGroups: 'auth-extra-groups',
  /** Only the exact value `true` counts. */
  usageAuthentication: 'usage-bootstrap-authentication',
  usageSigning: 'usage-bootstrap-signing',
} as const

/** Whether the namespace and type are those of a bootstrap token secret. */
export function isBootstrapSecret({ namespace, type }: Secret): boolean {
  return namespace === BOOTSTRAP_NAMESPACE && type === BOOTSTRAP_SECRET_TYPE
}

/**
 * When the token of a secret expires, in milliseconds since the epoch: `Infinity` without an expiration, and `-Infinity`, hence expired,
 * for an invalid one.
 *
 * Source: cluster-bootstrap `util/secrets/secrets.go`, GetExpiration.
 */
export function expirationOf(secret: Secret): number {
  const expiration = valueOf(secret.data, BootstrapField.expiration)
  return expiration === '' ? Infinity : (timeOfRfc3339(expiration) ?? -Infinity)
}
