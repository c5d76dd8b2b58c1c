/**
 * Kubernetes API-server authentication for Nest, on Express and on Fastify.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export { authenticationGuard, type AuthenticationOptions } from './authentication-guard.ts'
export {
  authorizationGuard,
  type AuthorizationOptions,
  impersonationGuard,
  type ImpersonationOptions,
} from './authorizer-guards.ts'
export {
  requireGroups,
  type RequireOptions,
  requireScopes,
  type RequireScopesOptions,
  requireUser,
} from './guards.ts'
export { Public } from './public.ts'
export { User } from './user.ts'
