/**
 * Login in a browser by OpenID Connect, and its sessions: on Node and on edge runtimes. The middlewares are in `@kube-authn/login/express`, `/koa` and
 * `/hono`.
 *
 * @module
 */
export { csrfToken, verifyCsrfToken } from './csrf/csrf-token.ts'
export { cookieSessions } from './sessions/cookie-sessions.ts'
export { storedSessions } from './sessions/stored-sessions.ts'
export { type WebLogin, webLogin } from './web-login.ts'
