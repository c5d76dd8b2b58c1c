/**
 * Kubernetes API-server authentication for Hono 4, on Node and on edge runtimes.
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
export type { AuthenticationEnv } from './state.ts'
