/**
 * The answers to proxies that ask who makes a request before they forward it.
 *
 * @module
 */
export { forwardAuthentication } from './forward-authentication/forward-authentication.ts'
export type { ForwardAuthenticationOptions } from './forward-authentication/forward-authentication-options.ts'
