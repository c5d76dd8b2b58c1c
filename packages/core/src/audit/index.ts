export { auditLog, type AuditLogOptions } from './audit-log.ts'
export type { AuditEvent, AuditObjectReference, AuditResponseStatus, AuditStage, AuditUser } from './event.ts'
