/**
 * Kubernetes API-server authentication for Koa 2 and 3.
 *
 * @module
 */
export { authentication, type AuthenticationOptions, type AuthenticationState } from './authentication.ts'
export { getAuthentication, getUser } from './accessors.ts'
