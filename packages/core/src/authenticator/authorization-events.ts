import type { Attributes } from '../authorization/attributes.ts'
import type { Decision } from '../authorization/decision.ts'
import type { AuthorizationError } from '../authorization/errors.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from './status.ts'
import type { UserInfo } from './user.ts'

/** An authorizer answered; one inside another answers before it. */
export interface AuthorizerConsultedEvent {
  readonly type: 'authorizerConsulted'
  readonly authorizer: string
  /** The type that its configuration says, where there is one: `RBAC`, `Webhook`, ... */
  readonly authorizerType?: string
  readonly attributes: Attributes
  readonly decision: Decision
  readonly durationSeconds: number
}

/** It was decided whether a user may make a request. */
export interface AuthorizationEvent {
  readonly type: 'authorization'
  readonly request: AuthenticationRequest
  readonly result: 'allow' | 'forbid' | 'error'
  /** What the authorizer said; absent where it was not asked. */
  readonly verdict?: Decision['verdict']
  readonly reason: string
  /** Absent when it could not be found out what the request is about. */
  readonly attributes?: Attributes
  /** What went wrong on the way, which need not mean that it was refused. */
  readonly error?: AuthorizationError
  /** The answer to the client, unless the request passed. */
  readonly failure?: StatusError
  readonly durationSeconds: number
}

/**
 * It was decided whether a user may act as another. A request without impersonation headers has none, unless it is refused since
 * headers may be missing.
 */
export interface ImpersonationEvent {
  readonly type: 'impersonation'
  readonly request: AuthenticationRequest
  readonly result: 'allowed' | 'denied'
  /** Who made the request, where that is known. */
  readonly requester?: UserInfo
  /** Who the application sees. */
  readonly impersonated?: UserInfo
  /** The mode that allowed it: `legacy` or one of constrained impersonation (KEP-5284). */
  readonly mode?: string
  /** The answer to the client, when it is refused. */
  readonly failure?: StatusError
  readonly durationSeconds: number
}

/** An authorizer was asked for a part of an impersonation. */
export interface ImpersonationCheckEvent {
  readonly type: 'impersonationCheck'
  readonly request: AuthenticationRequest
  /** The mode that wanted to know: `legacy` or one of constrained impersonation. */
  readonly mode: string
  readonly result: 'allowed' | 'denied'
  readonly durationSeconds: number
}

/** A webhook was asked whether a user may do something, once; a question that is repeated has several of these. */
export interface AccessReviewCallEvent {
  readonly type: 'accessReviewCall'
  /** The name of the authorizer. */
  readonly authorizer: string
  /** `error`: no answer, or one that cannot be used. A caller that gives up does not end the call. */
  readonly result: 'success' | 'error' | 'timeout'
  /** The HTTP status; absent when no answer came. */
  readonly status?: number
  readonly durationSeconds: number
  /** The cluster is asked that the whole authorization is left to, and no webhook of this server's own. Absent: it is one of its own. */
  readonly delegated?: true
}

/** A webhook gave no decision, and the next authorizer is asked as if it had no opinion. */
export interface AccessReviewFailOpenEvent {
  readonly type: 'accessReviewFailOpen'
  /** The name of the authorizer. */
  readonly authorizer: string
  readonly result: 'error' | 'timeout'
  /** As in {@link AccessReviewCallEvent}. */
  readonly delegated?: true
}

/** It was found out whether an authorizer is asked at all, by the match conditions it has in the AuthorizationConfiguration. */
export interface AuthorizationMatchConditionEvent {
  readonly type: 'authorizationMatchCondition'
  /** The type of the authorizer in the AuthorizationConfiguration. */
  readonly authorizerType: 'Webhook'
  /** The name of the authorizer. */
  readonly authorizer: string
  /** A condition is false, so the authorizer is not asked. */
  readonly excluded: boolean
  /** What could not be evaluated; where a later condition is false, it is still told, and does not count for the decision. */
  readonly error?: Error
  /** For all conditions together. */
  readonly durationSeconds: number
}

/** The AuthorizationConfiguration was read. */
export interface AuthorizationConfigReloadEvent {
  readonly type: 'authorizationConfigReload'
  /** What was read, usually a path. */
  readonly source: string
  /** `initial`: the first version, which is no reload. `failed`: the last good version stays in force. */
  readonly outcome: 'initial' | 'loaded' | 'failed'
  /** The content, which is told apart by its hash. Needed when it counts from now on. */
  readonly content?: string
  readonly error?: Error
}
