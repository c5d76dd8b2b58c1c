/**
 * Kubernetes API-server authentication for Fastify 5.
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
