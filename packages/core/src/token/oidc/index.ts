/**
 * Authentication by tokens of OpenID Connect providers.
 *
 * @module
 */
export type { GetFetch, GetFetchInit } from '../../internal/http/get-fetch.ts'
export type { HttpResponse, HttpResponseBody } from '../../internal/http/response.ts'
export { type OidcFlagOptions, oidcFlagOptions, type OidcFlags, oidcFlagsShape } from './flags.ts'
export type { JwtTokenAuthenticator } from './jwt-authenticator.ts'
export { type TokenKindOptions, tokenKindShape } from './token-kind.ts'
export {
  oidc,
  type OidcClaimRule,
  type OidcMapping,
  type OidcOptions,
  type OidcPrefixedMapping,
} from './oidc.ts'
