/**
 * Kubernetes API-server authentication for Nest, on Express and on Fastify.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authenticationGuard } from './authentication-guard.ts'
export { authorizationGuard } from './authorization-guard.ts'
export { requireGroups, requireScopes, requireUser } from './guards.ts'
export { impersonationGuard } from './impersonation-guard.ts'
export { Public } from './public.ts'
export { User } from './user.ts'
