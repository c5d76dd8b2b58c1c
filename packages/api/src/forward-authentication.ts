/**
 * The answers to proxies that ask who makes a request before they forward it.
 *
 * @module
 */
export {
  forwardAuthentication,
  type ForwardAuthenticationOptions,
} from './forward-authentication/forward-authentication.ts'
