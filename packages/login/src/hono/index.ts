/**
 * Login in a browser for Hono 4, on Node and on edge runtimes.
 *
 * @module
 */
export { loginRoutes, requireLogin } from './hono.ts'
