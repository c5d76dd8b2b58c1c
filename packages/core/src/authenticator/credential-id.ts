/**
 * The key in `extra` of the id of the credential: for a token `JTI=` and its `jti`.
 *
 * Source: apiserver `pkg/authentication/user/user.go` (`CredentialIDKey`).
 */
export const CREDENTIAL_ID_KEY = 'authentication.kubernetes.io/credential-id'
