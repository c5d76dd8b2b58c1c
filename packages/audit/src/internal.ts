/**
 * What `@kube-authn/node` uses to check options and to write lines. It is no public entry: any release may change it.
 *
 * @module
 */
export { auditLogShape } from './audit-log.ts'
export { legacyAuditLine } from './legacy-line.ts'
export { auditPolicyShape } from './policy/audit-policy.ts'
export { auditWebhookShape } from './webhook/options.ts'
