/**
 * Kubernetes API-server authentication for Fastify 5.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authentication } from './authentication.ts'
export { authorization } from './authorization.ts'
export { requireGroups, requireScopes, requireUser } from './guards.ts'
export { impersonation } from './impersonation.ts'
