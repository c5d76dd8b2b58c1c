/**
 * Login in a browser for Koa 2 and 3.
 *
 * @module
 */
export { loginRoutes, requireLogin } from './koa.ts'
