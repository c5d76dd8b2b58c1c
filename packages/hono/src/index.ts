/**
 * Kubernetes API-server authentication for Hono 4, on Node and on edge runtimes.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authentication } from './authentication.ts'
export { authorization } from './authorization.ts'
export { requireGroups, requireScopes, requireUser } from './guards.ts'
export { impersonation } from './impersonation.ts'
export type { AuthenticationEnv } from './state.ts'
