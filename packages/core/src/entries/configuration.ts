/**
 * kube-apiserver's files: `AuthenticationConfiguration` and `AuthorizationConfiguration`.
 *
 * @module
 */
export {
  authorizationConfiguration,
  type ConfiguredAuthorizer,
} from '../authorization/configuration/reloading.ts'
export { parseAuthenticationConfiguration } from '../token/configuration/parse.ts'
export {
  authenticationConfiguration,
  type ConfiguredAuthenticator,
} from '../token/configuration/reloading.ts'
