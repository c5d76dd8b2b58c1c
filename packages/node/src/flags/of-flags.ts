/*
 * What reads command lines. It is loaded when the first one is read.
 */
export { auditOfFlags } from './audit-of-flags.ts'
export { authenticatorOfFlags } from './authenticator-of-flags.ts'
export { authorizerOfFlags } from './authorizer-of-flags.ts'
