export { auditLog, type AuditLogOptions, auditLogShape } from './audit-log.ts'
export type { AuditEvent, AuditObjectReference, AuditResponseStatus, AuditStage } from './event.ts'
export type { UserJson as AuditUser } from '../user-json.ts'
