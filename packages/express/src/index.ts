/**
 * Kubernetes API-server authentication for Express 4 and 5, and other frameworks that call `(req, res, next)`.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authentication, type AuthenticationOptions } from './authentication.ts'
export {
  authorization,
  type AuthorizationOptions,
  requireGroups,
  type RequireOptions,
  requireScopes,
  type RequireScopesOptions,
  requireUser,
} from './authorization.ts'
export { impersonation, type ImpersonationOptions } from './impersonation.ts'
export type { Middleware } from './middleware.ts'
