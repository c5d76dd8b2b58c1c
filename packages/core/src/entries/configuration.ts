/**
 * kube-apiserver's file `AuthenticationConfiguration`.
 *
 * @module
 */
export { parseAuthenticationConfiguration } from '../token/configuration/parse.ts'
export {
  authenticationConfiguration,
  type ConfiguredAuthenticator,
} from '../token/configuration/reloading.ts'
