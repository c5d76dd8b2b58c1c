/** kube-apiserver's file `AuthenticationConfiguration`. @module */
export { parseAuthenticationConfiguration } from '../token/configuration/validate.ts'
export type { ValidateAuthenticationConfigurationOptions } from '../token/configuration/validate.ts'
export {
  authenticationConfiguration,
  type ConfiguredAuthenticator,
} from '../token/configuration/reloading.ts'
/** @internal */
export type { AuthenticationConfiguration } from '../token/configuration/decode.ts'
/** @internal */
export { decodeAuthenticationConfiguration } from '../token/configuration/decode.ts'
/** @internal */
export {
  type IssuerFetch,
  jwtAuthenticators,
  type JwtAuthenticators,
} from '../token/configuration/jwt-authenticators.ts'
export type { AuthenticationConfigurationOptions } from '../token/configuration/reloading.ts'
/** @internal */
export { authenticationConfigurationShape } from '../token/configuration/reloading.ts'
/** @internal */
export { validateAuthenticationConfiguration } from '../token/configuration/validate.ts'
