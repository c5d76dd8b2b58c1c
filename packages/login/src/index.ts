/**
 * Login in a browser by OpenID Connect, and its sessions: on Node and on edge runtimes. The middlewares are in `@kube-authn/login/express`, `/koa` and
 * `/hono`.
 *
 * @module
 */
export { csrfToken, verifyCsrfToken } from './csrf/csrf-token.ts'
export type { LoginRevocations, WebLoginOptions } from './options.ts'
export type { LoginPaths } from './paths.ts'
export type { LoginFetch } from './provider/bounded-fetch.ts'
export type { LoginProvider } from './provider/options.ts'
export { cookieSessions, type CookieSessionsOptions } from './sessions/cookie-sessions.ts'
export type { EndedSessions } from './sessions/ended-sessions.ts'
export type {
  ListedSession,
  Session,
  SessionContent,
  SessionKeeper,
  SessionSelector,
} from './sessions/session-keeper.ts'
export type { SessionStore } from './sessions/session-store.ts'
export { storedSessions, type StoredSessionsOptions } from './sessions/stored-sessions.ts'
export { type WebLogin, webLogin } from './web-login.ts'
