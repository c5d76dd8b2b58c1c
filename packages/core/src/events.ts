import type { Attributes } from './authorization/attributes.ts'
import type { Decision } from './authorization/decision.ts'
import type { AuthorizationError } from './authorization/errors.ts'
import type { AuthenticationError } from './errors.ts'
import type { AuthenticationRequest } from './request/request.ts'
import type { StatusError } from './status.ts'
import type { UserInfo } from './user.ts'

/** How an authenticator, or a whole request, came out. */
export type Outcome = 'authenticated' | 'noOpinion' | 'rejected' | 'unavailable'

/** An authenticator is about to be asked. Everything up to the matching {@link ConsultedEvent} happens inside it. */
export interface ConsultingEvent {
  readonly type: 'consulting'
  readonly authenticator: string
}

/** An authenticator answered. */
export interface ConsultedEvent {
  readonly type: 'consulted'
  readonly authenticator: string
  readonly outcome: Outcome
  readonly durationSeconds: number
  readonly user?: UserInfo
  readonly error?: AuthenticationError
}

/** A request was decided. `result` is the label of kube-apiserver's `authentication_attempts`. */
export interface RequestEvent {
  readonly type: 'request'
  readonly request: AuthenticationRequest
  readonly result: 'success' | 'failure' | 'error'
  readonly durationSeconds: number
  readonly user?: UserInfo
  readonly error?: AuthenticationError
  readonly warnings: readonly string[]
  readonly annotations: Readonly<Record<string, string>>
}

/** A token cache was asked. */
export interface TokenCacheRequestEvent {
  readonly type: 'tokenCacheRequest'
  readonly status: 'hit' | 'miss'
  readonly durationSeconds: number
}

/** A token cache got an answer from the authenticator behind it. */
export interface TokenCacheFetchEvent {
  readonly type: 'tokenCacheFetch'
  readonly status: 'ok' | 'error'
}

/** How many lookups a token cache has under way (`inFlight`), and how many callers wait for one (`blocked`), went up or down. */
export interface TokenCacheActiveFetchEvent {
  readonly type: 'tokenCacheActiveFetch'
  readonly status: 'blocked' | 'inFlight'
  readonly change: 1 | -1
}

/**
 * A service account token was accepted that its client should have renewed by a certain time: it is not yet (`valid`) or no longer
 * (`stale`) before that time.
 */
export interface ServiceAccountTokenEvent {
  readonly type: 'serviceAccountToken'
  readonly status: 'valid' | 'stale'
}

/** A webhook was asked about a token, once; a question that is repeated has several of these. */
export interface TokenReviewCallEvent {
  readonly type: 'tokenReviewCall'
  /** The HTTP status; absent when no answer came. */
  readonly status?: number
  readonly durationSeconds: number
}

/** A token of an issuer that is known here was judged. A token of nobody that is known has no such event. */
export interface JwtAuthenticatorEvent {
  readonly type: 'jwtAuthenticator'
  readonly issuer: string
  readonly result: 'success' | 'failure'
  readonly durationSeconds: number
}

/** The keys of an issuer were fetched, or could not be. */
export interface JwksFetchEvent {
  readonly type: 'jwksFetch'
  readonly issuer: string
  /** The JWK set as it came: public keys. Absent when there is an error. */
  readonly jwks?: string
  readonly error?: Error
}

/** A client certificate was presented, valid or not. */
export interface ClientCertificateExpirationEvent {
  readonly type: 'clientCertificateExpiration'
  /** How long it is still valid; negative when it is no longer. */
  readonly seconds: number
}

/** A file was read, and something in it deserves a look. Never holds a token or a password. */
export interface FileNoticeEvent {
  readonly type: 'fileNotice'
  /** The name given to the file. */
  readonly file: string
  readonly notice: FileNotice
}

/** What was noticed in a file. */
export interface FileNotice {
  /** `warning`: a record does not count, as in Kubernetes. `advice`: it counts, and may not mean what its author thinks. */
  readonly severity: 'warning' | 'advice'
  readonly code: string
  /** The record, counted from 1 without blank lines; absent when it is about the whole file. */
  readonly record?: number
  readonly message: string
}

/** A source of configuration was read again. */
export interface ReloadEvent {
  readonly type: 'reload'
  /** What was read, usually a path. */
  readonly source: string
  /** What it is, where that is counted. */
  readonly kind?: 'authenticationConfiguration'
  /** The new content, where it is no secret and is told apart by its hash. */
  readonly content?: string
  /** `failed`: the last good version stays in force. */
  readonly outcome: 'loaded' | 'failed'
  readonly error?: Error
}

/** An authorizer answered; one inside another answers before it. */
export interface AuthorizerConsultedEvent {
  readonly type: 'authorizerConsulted'
  readonly authorizer: string
  readonly attributes: Attributes
  readonly decision: Decision
  readonly durationSeconds: number
}

/** It was decided whether a user may make a request. */
export interface AuthorizationEvent {
  readonly type: 'authorization'
  readonly request: AuthenticationRequest
  readonly result: 'allow' | 'forbid' | 'error'
  readonly reason: string
  /** Absent when it could not be found out what the request is about. */
  readonly attributes?: Attributes
  /** What went wrong on the way, which need not mean that it was refused. */
  readonly error?: AuthorizationError
  /** The answer to the client, unless the request passed. */
  readonly failure?: StatusError
  readonly durationSeconds: number
}

/** It was decided whether somebody may act as somebody else. A request without impersonation headers has no such event. */
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

/** A request was answered. Adapters tell this, since nobody else knows. */
export interface ResponseEvent {
  readonly type: 'response'
  readonly request: AuthenticationRequest
  readonly status: number
}

/** Everything the suite has to tell. Metrics, audit and `explain` read this one stream. */
export type AuthenticationEvent =
  | ConsultingEvent
  | ConsultedEvent
  | RequestEvent
  | TokenCacheRequestEvent
  | TokenCacheFetchEvent
  | TokenCacheActiveFetchEvent
  | ServiceAccountTokenEvent
  | TokenReviewCallEvent
  | JwtAuthenticatorEvent
  | JwksFetchEvent
  | ClientCertificateExpirationEvent
  | FileNoticeEvent
  | ReloadEvent
  | AuthorizerConsultedEvent
  | AuthorizationEvent
  | ImpersonationEvent
  | ResponseEvent

/** Receives events as they happen. It must not wait: start work of its own and return. */
export type Observer = (event: AuthenticationEvent) => void

/** Tells an observer, if there is one. What goes wrong in it must not decide who a caller is. */
export function notify(observer: Observer | undefined, event: AuthenticationEvent): void {
  try {
    observer?.(event)
  } catch {
    // An observer reports its own faults; the request goes on.
  }
}
