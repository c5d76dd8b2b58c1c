/** The audit log in files, with its policy in a file and its webhook in a kubeconfig. @module */
export { type AuditFile, auditFile, type AuditFileOptions } from './audit-file/audit-file.ts'
export { auditPolicyAt, type AuditPolicyAtOptions } from './audit-policy-at.ts'
export { auditWebhookAt, type AuditWebhookAtOptions } from './webhook/audit-webhook-at.ts'
