/**
 * Observers that write audit events: a log, a policy and a webhook.
 *
 * @module
 */
export { auditLog } from '../audit/audit-log.ts'
export type { AuditEvent } from '../audit/event.ts'
export type { AuditPolicy } from '../audit/policy.ts'
export { auditPolicy } from '../audit/policy/audit-policy.ts'
export { auditWebhook } from '../audit/webhook/audit-webhook.ts'
