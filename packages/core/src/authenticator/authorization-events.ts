import type { Attributes } from '../authorization/attributes.ts'
import type { Decision } from '../authorization/decision.ts'
import type { AuthorizationError } from '../authorization/errors.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from './status.ts'
import type { UserInfo } from './user.ts'

/** An authorizer answered. A nested authorizer answers before the one around it. */
export interface AuthorizerConsultedEvent {
  readonly type: 'authorizerConsulted'
  readonly authorizer: string
  /** The type in its configuration, if it has one: `RBAC`, `Webhook`, ... */
  readonly authorizerType?: string
  readonly attributes: Attributes
  readonly decision: Decision
  readonly durationSeconds: number
}

/** A request of a user was authorized or refused. */
export interface AuthorizationEvent {
  readonly type: 'authorization'
  readonly request: AuthenticationRequest
  readonly result: 'allow' | 'forbid' | 'error'
  /** The verdict of the authorizer; absent if it was not asked. */
  readonly verdict?: Decision['verdict']
  readonly reason: string
  /** Absent if the attributes of the request could not be determined. */
  readonly attributes?: Attributes
  /** An error of an authorizer. The request may have been allowed nevertheless. */
  readonly error?: AuthorizationError
  /** The response to the client; absent if the request passed. */
  readonly failure?: StatusError
  readonly durationSeconds: number
}

/** An impersonation was allowed or denied. Requests without impersonation headers emit this only if they are refused because headers may be missing. */
export interface ImpersonationEvent {
  readonly type: 'impersonation'
  readonly request: AuthenticationRequest
  readonly result: 'allowed' | 'denied'
  /** The user who made the request, if known. */
  readonly requester?: UserInfo
  /** The user that the application sees. */
  readonly impersonated?: UserInfo
  /** The mode that allowed it: `legacy` or one of constrained impersonation (KEP-5284). */
  readonly mode?: string
  /** The response to the client, if denied. */
  readonly failure?: StatusError
  readonly durationSeconds: number
}

/** An authorizer was asked about a part of an impersonation. */
export interface ImpersonationCheckEvent {
  readonly type: 'impersonationCheck'
  readonly request: AuthenticationRequest
  /** The mode that asked: `legacy` or one of constrained impersonation. */
  readonly mode: string
  readonly result: 'allowed' | 'denied'
  readonly durationSeconds: number
}

/** An authorization webhook was called. Every retry emits another event. */
export interface AccessReviewCallEvent {
  readonly type: 'accessReviewCall'
  /** The name of the authorizer. */
  readonly authorizer: string
  /** `error`: no response, or an unusable one. The call continues if its caller gives up. */
  readonly result: 'success' | 'error' | 'timeout'
  /** The HTTP status; absent without a response. */
  readonly status?: number
  readonly durationSeconds: number
  /** The call went to the cluster that all authorization is delegated to. Absent: it went to a webhook of this server. */
  readonly delegated?: true
}

/** A webhook failed to decide, which counts as no opinion: the next authorizer is asked. */
export interface AccessReviewFailOpenEvent {
  readonly type: 'accessReviewFailOpen'
  /** The name of the authorizer. */
  readonly authorizer: string
  readonly result: 'error' | 'timeout'
  /** As in {@link AccessReviewCallEvent}. */
  readonly delegated?: true
}

/** The match conditions of an authorizer in the AuthorizationConfiguration were evaluated, to decide whether to ask it. */
export interface AuthorizationMatchConditionEvent {
  readonly type: 'authorizationMatchCondition'
  /** The type of the authorizer in the AuthorizationConfiguration. */
  readonly authorizerType: 'Webhook'
  /** The name of the authorizer. */
  readonly authorizer: string
  /** A condition is false, so the authorizer is not asked. */
  readonly excluded: boolean
  /** An evaluation error. It is reported even if a later condition is false, but does not affect the decision then. */
  readonly error?: Error
  /** For all conditions together. */
  readonly durationSeconds: number
}

/** The AuthorizationConfiguration was read. */
export interface AuthorizationConfigReloadEvent {
  readonly type: 'authorizationConfigReload'
  /** The source, usually a path. */
  readonly source: string
  /** `initial`: the first version, not a reload. `failed`: the last good version stays in force. */
  readonly outcome: 'initial' | 'loaded' | 'failed'
  /** The content, to identify it by its hash. Required if it takes effect now. */
  readonly content?: string
  readonly error?: Error
}
