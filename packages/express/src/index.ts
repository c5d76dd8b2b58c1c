/**
 * Kubernetes API-server authentication for Express 4 and 5, and for whatever else calls `(req, res, next)`.
 *
 * @module
 */
export {
  authentication,
  type AuthenticationMiddleware,
  type AuthenticationOptions,
} from './authentication.ts'
export { getAuthentication, getUser } from './accessors.ts'
