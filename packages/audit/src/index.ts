/**
 * Observers that write audit events: a log, a policy and a webhook.
 *
 * @module
 */
export { auditLog, type AuditLogOptions } from './audit-log.ts'
export type { AuditEvent, AuditObjectReference, AuditResponseStatus } from './event.ts'
export type { AuditedTarget, AuditPolicy, AuditRuling } from './policy.ts'
export { auditPolicy, type AuditPolicyOptions } from './policy/audit-policy.ts'
export type { TrustedProxies } from './source-ips.ts'
export { type AuditWebhook, auditWebhook } from './webhook/audit-webhook.ts'
export type { AuditDeliveryError, AuditDeliveryErrorCode, AuditWebhookOptions } from './webhook/options.ts'
