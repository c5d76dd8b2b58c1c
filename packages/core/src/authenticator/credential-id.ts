/**
 * The key in `extra` for what identifies a credential: for a token `JTI=` and its `jti`.
 *
 * Source: apiserver `pkg/authentication/user/user.go` (`CredentialIDKey`).
 */
export const CREDENTIAL_ID_KEY = 'authentication.kubernetes.io/credential-id'
