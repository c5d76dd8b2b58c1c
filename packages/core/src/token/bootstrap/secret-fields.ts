import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { type Secret, valueOf } from '../../internal/secret.ts'

/** The only namespace in which secrets of bootstrap tokens are valid. */
export const BOOTSTRAP_NAMESPACE = 'kube-system'
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

/** The group of all users with a bootstrap token. */
const BOOTSTRAPPERS_GROUP = 'system:bootstrappers'

const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

/**
 * Whether a bootstrap token may grant this group, besides `system:bootstrappers`.
 *
 * Source: cluster-bootstrap `token/api/types.go`, BootstrapGroupPattern.
 */
export function isBootstrapGroup(group: string): boolean {
  return EXTRA_GROUP.test(group)
}

/**
 * The groups of a token with this `auth-extra-groups`, sorted and without duplicates. `undefined` if one of them is not allowed. The list
 * is not trimmed, so a trailing space or comma makes it invalid.
 *
 * Source: cluster-bootstrap `util/secrets/secrets.go`, GetGroups.
 */
export function bootstrapGroups(extraGroups: string): readonly string[] | undefined {
  if (extraGroups === '') return [BOOTSTRAPPERS_GROUP]
  const extra = extraGroups.split(',')
  return extra.every(isBootstrapGroup) ? [...new Set([BOOTSTRAPPERS_GROUP, ...extra])].toSorted() : undefined
}
