export { type AuditWebhook, auditWebhook } from './audit-webhook.ts'
export type { AuditDeliveryError, AuditDeliveryErrorCode } from './delivery-error.ts'
export { type AuditWebhookOptions, auditWebhookShape } from './options.ts'
