/**
 * Kubernetes API-server authentication and Passport, in both directions: a chain as a strategy, and any strategy as an authenticator.
 *
 * @module
 */
export { getAuthentication, getUser } from './accessors.ts'
export type { StrategyActions } from './actions.ts'
export { fromPassport, type PassportUser } from './from-passport.ts'
export { httpBearer } from './http-bearer.ts'
export { Strategy } from './strategy.ts'
