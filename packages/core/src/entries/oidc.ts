/**
 * Tokens of OpenID Connect providers.
 *
 * @module
 */
export type { GetFetch } from '../internal/http/get-fetch.ts'
export { localKeySet } from '../token/jwt/key-set.ts'
export type { JwtTokenAuthenticator } from '../token/oidc/jwt-authenticator.ts'
export { oidc } from '../token/oidc/oidc.ts'
