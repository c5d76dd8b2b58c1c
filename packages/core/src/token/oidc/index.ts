/**
 * Authentication by tokens of OpenID Connect providers.
 *
 * @module
 */
export type { GetFetch, GetFetchInit } from '../../internal/http/get-fetch.ts'
export type { HttpResponse, HttpResponseBody } from '../../internal/http/response.ts'
export { type OidcFlagOptions, oidcFlagOptions, type OidcFlags } from './flags.ts'
export type { JwtTokenAuthenticator } from './jwt-authenticator.ts'
export type { TokenKindOptions } from './token-kind.ts'
export type { OidcClaimMappings, OidcClaimRule, OidcMapping, OidcPrefixedMapping } from './claim-options.ts'
export { oidc, oidcShape } from './oidc.ts'
export type { OidcOptions } from './oidc-options.ts'
