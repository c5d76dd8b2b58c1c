/** Kubernetes API-server authentication and Passport, in both directions: a chain as a strategy, and any strategy as an authenticator. @module */
export { getAuthentication, getUser } from './accessors.ts'
export type { StrategyActions } from './strategy.ts'
export type { FindAccount } from './decide.ts'
export { fromPassport, type FromPassportOptions, type PassportUser } from './from-passport.ts'
export { httpBearer, type HttpBearerOptions } from './http-bearer.ts'
export type { PassportStrategy } from './strategy-result.ts'
export { Strategy, type StrategyOptions } from './strategy.ts'
export type { WholeRequestOptions } from './whole-request.ts'
