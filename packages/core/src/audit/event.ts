import type { AuditStage } from '../authenticator/events.ts'
import type { UserJson } from '../authenticator/user-json.ts'

/*
 * `audit.k8s.io/v1` Event at level Metadata: who did what, and what came of it, without a body.
 *
 * Source: apiserver `pkg/apis/audit/v1/types.go`.
 *
 * Deviation: there is no stage `Panic` (`docs/deviations.md`, audit of a crash).
 */

/** What a request is about. What is empty is left out. */
export interface AuditObjectReference {
  readonly resource?: string
  readonly namespace?: string
  readonly name?: string
  readonly apiGroup?: string
  readonly apiVersion?: string
  readonly subresource?: string
}

/** What was answered. */
export interface AuditResponseStatus {
  readonly metadata: Readonly<Record<string, never>>
  readonly status?: 'Failure'
  readonly message?: string
  readonly reason?: string
  /** What was refused: group, kind and name. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly code?: number
}

/** One line of an audit log. */
export interface AuditEvent {
  readonly kind: 'Event'
  readonly apiVersion: 'audit.k8s.io/v1'
  readonly level: 'Metadata'
  /** The same for all events of a request. */
  readonly auditID: string
  readonly stage: AuditStage
  /** As sent, but for credentials in the query. */
  readonly requestURI: string
  readonly verb: string
  /** Who made the request: the requester, whoever they act as. */
  readonly user: UserJson
  /** Who they act as, once that was allowed. */
  readonly impersonatedUser?: UserJson
  readonly authenticationMetadata?: { readonly impersonationConstraint: string }
  readonly sourceIPs?: readonly string[]
  readonly userAgent?: string
  readonly objectRef?: AuditObjectReference
  readonly responseStatus?: AuditResponseStatus
  readonly requestReceivedTimestamp: string
  readonly stageTimestamp: string
  readonly annotations?: Readonly<Record<string, string>>
}
