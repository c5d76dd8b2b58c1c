import type { UserInfo } from './user.ts'

/**
 * The key in `extra` of the id of the credential: for a token `JTI=` and its `jti`.
 *
 * Source: apiserver `pkg/authentication/user/user.go` (`CredentialIDKey`).
 */
export const CREDENTIAL_ID_KEY = 'authentication.kubernetes.io/credential-id'

/** The key of `user.extra` with OAuth scopes, as in the example of Kubernetes for an authenticating proxy. */
export const SCOPES_KEY = 'scopes'

/** The OAuth scopes of a user. A value of the extra may have several, with spaces between. */
export function scopesOf({ extra }: UserInfo, extraKey: string = SCOPES_KEY): readonly string[] {
  const values = Object.hasOwn(extra, extraKey) ? (extra[extraKey] ?? []) : []
  return values.flatMap((value) => value.split(' ')).filter((scope) => scope !== '')
}

/** The key of `user.extra` with the OAuth client that a token was issued to (`client_id`). */
export const CLIENT_ID_KEY = 'client-id'
