/**
 * Kubernetes API-server authentication for Koa 2 and 3.
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
export type { AuthenticationState } from './state.ts'
