import { timeOfRfc3339 } from '../../internal/rfc3339.ts'
import { type Secret, valueOf } from '../../internal/secret.ts'

/** The namespace that secrets with bootstrap tokens are in; no other is looked at. */
export const BOOTSTRAP_NAMESPACE = 'kube-system'
/** The type of such a secret. */
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
  /** A list with commas. */
  extraGroups: 'auth-extra-groups',
  /** Exactly `true`, or not at all. */
  usageAuthentication: 'usage-bootstrap-authentication',
  usageSigning: 'usage-bootstrap-signing',
} as const

/** Whether this is a secret of a bootstrap token, where it counts. */
export function isBootstrapSecret({ namespace, type }: Secret): boolean {
  return namespace === BOOTSTRAP_NAMESPACE && type === BOOTSTRAP_SECRET_TYPE
}

/**
 * When the token of a secret ends, in milliseconds since the epoch: `Infinity` when nothing says so, and long ago
 * (`-Infinity`) when what is there cannot be read.
 *
 * Source: cluster-bootstrap `util/secrets/secrets.go`, GetExpiration.
 */
export function expirationOf(secret: Secret): number {
  const expiration = valueOf(secret.data, BootstrapField.expiration)
  return expiration === '' ? Infinity : (timeOfRfc3339(expiration) ?? -Infinity)
}
