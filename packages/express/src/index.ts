/**
 * Kubernetes API-server authentication for Express 4 and 5, and other frameworks that call `(req, res, next)`.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authentication } from './authentication.ts'
export { authorization } from './authorization.ts'
export { requireGroups, requireScopes, requireUser } from './guards.ts'
export { impersonation } from './impersonation.ts'
export type { Middleware } from './middleware.ts'
