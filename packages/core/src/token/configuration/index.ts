export type { FieldError, FieldErrorType } from '../../internal/field/errors.ts'
export type { AuthenticationConfiguration } from './config.ts'
export type {
  ClaimMappings,
  ClaimOrExpression,
  ClaimValidationRule,
  ExtraMapping,
  Issuer,
  JwtAuthenticator,
  PrefixedClaimOrExpression,
  UserValidationRule,
} from '../oidc/configuration/config.ts'
export { decodeAuthenticationConfiguration } from './decode.ts'
export { parseAuthenticationConfiguration } from './parse.ts'
export type { CompiledJwtAuthenticator } from '../oidc/configuration/config.ts'
export {
  type ValidatedAuthenticationConfiguration,
  validateAuthenticationConfiguration,
  type ValidateAuthenticationConfigurationOptions,
} from './validate.ts'
export {
  type IssuerFetch,
  jwtAuthenticators,
  type JwtAuthenticators,
  type JwtAuthenticatorsOptions,
} from './jwt-authenticators.ts'
export {
  authenticationConfiguration,
  authenticationConfigurationShape,
  type AuthenticationConfigurationOptions,
  type ConfigurationUpdate,
  type ConfiguredAuthenticator,
} from './reloading.ts'
