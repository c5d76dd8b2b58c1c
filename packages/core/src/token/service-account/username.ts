import { rejected } from '../../authenticator/errors.ts'
import { type ServiceAccountName, serviceAccountNamed } from '../../authenticator/service-account-name.ts'
import { type Secret, valueOf } from '../../internal/secret.ts'
import type { ServiceAccount } from './objects.ts'

export const SERVICE_ACCOUNT_SECRET_TYPE = 'kubernetes.io/service-account-token'
/** The annotation of such a secret that names the service account. */
export const SERVICE_ACCOUNT_NAME_ANNOTATION = 'kubernetes.io/service-account.name'
/** The annotation of such a secret with the uid of the service account. */
export const SERVICE_ACCOUNT_UID_ANNOTATION = 'kubernetes.io/service-account.uid'

/**
 * Splits the username of a service account.
 *
 * Source: apiserver `pkg/authentication/serviceaccount/util.go` (`SplitUsername`).
 *
 * @throws {AuthenticationError} `rejected`, if the username is not that of a service account.
 */
export function splitServiceAccountUsername(username: string): ServiceAccountName {
  const found = serviceAccountNamed(username)
  if (found === undefined) throw rejected('Username must be in the form system:serviceaccount:namespace:name')
  return found
}

/**
 * Whether a secret is for a token of this service account, by its type and the name and uid in its annotations.
 *
 * Source: apiserver `pkg/authentication/serviceaccount/util.go` (`IsServiceAccountToken`).
 */
export function isServiceAccountToken(secret: Secret, serviceAccount: ServiceAccount): boolean {
  const uid = valueOf(secret.annotations, SERVICE_ACCOUNT_UID_ANNOTATION)
  return (
    secret.type === SERVICE_ACCOUNT_SECRET_TYPE &&
    secret.namespace === serviceAccount.namespace &&
    valueOf(secret.annotations, SERVICE_ACCOUNT_NAME_ANNOTATION) === serviceAccount.name &&
    (uid === '' || uid === serviceAccount.uid)
  )
}
