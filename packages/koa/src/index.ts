/**
 * Kubernetes API-server authentication for Koa 2 and 3.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authentication } from './authentication.ts'
export { authorization } from './authorization.ts'
export { requireGroups, requireScopes, requireUser } from './guards.ts'
export { impersonation } from './impersonation.ts'
export type { AuthenticationState } from './state.ts'
