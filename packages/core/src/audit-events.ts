/** An audit event was made, and handed to where it is kept. */
export interface AuditEventEvent {
  readonly type: 'audit'
  readonly stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  readonly level: 'Metadata' | 'Request' | 'RequestResponse'
}

/** The audit policy was asked how much is kept of a request; once for each request. */
export interface AuditLevelEvent {
  readonly type: 'auditLevel'
  readonly level: 'None' | 'Metadata' | 'Request' | 'RequestResponse'
}

/** Audit events are lost, or a part of them. */
export interface AuditErrorEvent {
  readonly type: 'auditError'
  /** Where they were lost, in the words of kube-apiserver: `log`, `webhook`, `buffered`, `truncate`. */
  readonly plugin: string
  /** How many. Default 1. */
  readonly count?: number
  readonly error?: Error
}

/** A request was refused, since its audit event could not be kept. */
export interface AuditRejectedEvent {
  readonly type: 'auditRejected'
}
