/** Tokens of OpenID Connect providers. @module */
export type { GetFetch } from '../internal/http/get-text.ts'
export { localKeySet } from '../token/jwt/key-set.ts'
export type { JwtTokenAuthenticator } from '../token/oidc/jwt-authenticator.ts'
export { oidc } from '../token/oidc/oidc.ts'
/** @internal */
export { isJwsAlgorithm, JWS_ALGORITHMS } from '../token/jwt/algorithms.ts'
/** @internal */
export type { KeySet } from '../token/jwt/key-set.ts'
/** @internal */
export { readJwt } from '../token/jwt/read-jwt.ts'
/** @internal */
export { remoteKeySet } from '../token/jwt/remote-key-set.ts'
/** @internal */
export { verificationKeyOfJwk } from '../token/jwt/verification-key.ts'
/** @internal */
export type { Issuer } from '../token/oidc/configuration/config.ts'
export type { OidcFlagOptions } from '../token/oidc/flags.ts'
/** @internal */
export { oidcFlagOptions, type OidcFlags } from '../token/oidc/flags.ts'
export type { OidcOptions } from '../token/oidc/oidc-options.ts'
/** @internal */
export { oidcShape } from '../token/oidc/oidc.ts'
/** @internal */
export { verifyToken } from '../token/oidc/verify-token.ts'
/** @internal */
export { oidcWordsShape } from '../token/oidc/oidc-options.ts'
/** @internal */
export type { OidcWords } from '../token/oidc/oidc-options.ts'
/** @internal */
export {
  type ClientAuthenticationOptions,
  clientAuthenticationShape,
} from '../token/oidc/client-authentication.ts'
/** @internal */
export { scopesOfClaim } from '../token/oidc/access-token.ts'
