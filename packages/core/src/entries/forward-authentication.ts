/**
 * The answers to proxies that ask who makes a request before they forward it.
 *
 * @module
 */
export { forwardAuthentication } from '../forward-authentication/forward-authentication.ts'
