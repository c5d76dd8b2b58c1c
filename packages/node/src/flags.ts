/** Authenticators, authorizers and audit logs from the command line of a kube-apiserver. @module */
export { auditFromFlags, type AuditFromFlagsOptions, type NodeAudit } from './flags/audit-from-flags.ts'
export { authenticatorFromFlags } from './flags/authenticator-from-flags.ts'
export { authorizerFromFlags } from './flags/authorizer-from-flags.ts'
export type { AuthenticatorFromFlagsOptions, AuthorizerFromFlagsOptions } from './flags/flags-options.ts'
/** @internal */
export { checkAuditFlags } from './flags/audit-from-flags.ts'
/** @internal */
export { checkAuthenticatorFlags } from './flags/authenticator-from-flags.ts'
/** @internal */
export { signerProblems } from './flags/service-account-flags.ts'
