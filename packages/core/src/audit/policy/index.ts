export { auditPolicy, type AuditPolicyOptions, auditPolicyShape } from './audit-policy.ts'
export type { AuditedTarget, AuditPolicy, AuditRuling } from '../policy.ts'
