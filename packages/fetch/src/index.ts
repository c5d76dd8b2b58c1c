/**
 * Kubernetes API-server authentication for every handler of Fetch requests.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export type { AuthenticationContext } from './context.ts'
export {
  requireGroups,
  type RequireOptions,
  requireScopes,
  type RequireScopesOptions,
  requireUser,
} from './guards.ts'
export { type AuthenticationOptions, withAuthentication } from './with-authentication.ts'
export {
  type AuthorizationOptions,
  type ImpersonationOptions,
  withAuthorization,
  withImpersonation,
} from './with-authorizer.ts'
