/**
 * Kubernetes API-server authentication for every handler of Fetch requests.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export type { AuthenticationContext } from './context.ts'
export { forwardAuthentication } from './forward-authentication.ts'
export { requireGroups, requireScopes, requireUser } from './guards.ts'
export { withAuthentication } from './with-authentication.ts'
export { withAuthorization } from './with-authorization.ts'
export { withImpersonation } from './with-impersonation.ts'
