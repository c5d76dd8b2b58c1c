/**
 * What the command `kube-authn` uses of the flags beyond the public entries. Any release may change it.
 *
 * @module
 */
export { checkAuditFlags } from './flags/audit-from-flags.ts'
export { checkAuthenticatorFlags } from './flags/authenticator-from-flags.ts'
export { signerProblems } from './flags/service-account-flags.ts'
