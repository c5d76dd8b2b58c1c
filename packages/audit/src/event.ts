import type { AuditStage, UserJson } from '@kube-authn/core/internal'

/*
 * `audit.k8s.io/v1` Event at level Metadata: who did what, and the outcome, without bodies.
 *
 * Source: apiserver `pkg/apis/audit/v1/types.go`.
 *
 * Deviation: there is no stage `Panic` (`docs/deviations.md`, audit of a crash).
 */

/** The object of a request. Empty members are omitted. */
export interface AuditObjectReference {
  readonly resource?: string
  readonly namespace?: string
  readonly name?: string
  readonly apiGroup?: string
  readonly apiVersion?: string
  readonly subresource?: string
}

/** The response. */
export interface AuditResponseStatus {
  readonly metadata: Readonly<Record<string, never>>
  readonly status?: 'Failure'
  readonly message?: string
  readonly reason?: string
  /** The object of the refused request: group, kind and name. */
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
  /** As sent, with credentials in the query redacted. */
  readonly requestURI: string
  readonly verb: string
  /** The user who made the request, even if they impersonate another one. */
  readonly user: UserJson
  /** The impersonated user, once allowed. */
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
