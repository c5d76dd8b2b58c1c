/**
 * Kubernetes API-server authentication for Hono 4, on Node and on edge runtimes.
 *
 * @module
 */
export { authentication, type AuthenticationEnv, type AuthenticationOptions } from './authentication.ts'
export { getAuthentication, getUser } from './accessors.ts'
