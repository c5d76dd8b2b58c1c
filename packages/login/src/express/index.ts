/**
 * Login in a browser for Express 4 and 5, and other frameworks that call `(req, res, next)`.
 *
 * @module
 */
export { loginRoutes, requireLogin } from './express.ts'
