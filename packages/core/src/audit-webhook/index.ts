export { type AuditWebhook, auditWebhook } from './audit-webhook.ts'
export { AuditDeliveryError, type AuditDeliveryErrorCode } from './delivery-error.ts'
export { type AuditWebhookOptions, auditWebhookShape } from './options.ts'
