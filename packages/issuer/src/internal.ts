/**
 * What the other packages of kube-authn and the tests use beyond the public entry. Any release may change it.
 *
 * @module
 */
export type { TokenTarget } from './bound-object.ts'
export type { FetchedKeys, FetchedKeySet } from './fetched-keys.ts'
export { JWKS_PATH, OPENID_CONFIGURATION_PATH } from './issuer-discovery.ts'
export { aSigningKey } from './signing-key.ts'
export { signToken } from './signing.ts'
export { tokenRequestErrors } from './token-request.ts'
export { boundTokenClaims, legacyTokenClaims } from './token-claims.ts'
