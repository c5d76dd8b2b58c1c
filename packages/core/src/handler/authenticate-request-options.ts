import type { Observer } from '../authenticator/events.ts'
import {
  aBoolean,
  aFunction,
  must,
  oneOf,
  type OptionsShape,
  someAudiences,
} from '../internal/options/index.ts'
import type { RequestTracing } from './tracing.ts'

/** How requests are authenticated, beyond the authenticator itself. The same in every adapter. */
export interface AuthenticateRequestOptions {
  /** What credentials must be valid for (`--api-audiences`). Must not be empty. Default: what the authenticator says. */
  readonly audiences?: readonly string[]
  /** `auto` (default) challenges with every scheme the chain accepts; `none` is kube-apiserver's own behaviour. */
  readonly challenges?: 'auto' | 'none'
  /** The realm of the challenges. Default `kubernetes-master`, as kube-apiserver had it. */
  readonly realm?: string
  /**
   * The status when a credential could not be checked. Default 401, as in Kubernetes. A check that was not made because too many were
   * under way is always a 503, with `Retry-After`.
   *
   * Deviation: 503 is possible (`docs/deviations.md`, 503 for outages).
   */
  readonly unavailableStatus?: 401 | 503
  /**
   * Close an HTTP/2 connection after a request of nobody known, so that it costs something to keep one open. Default `true`,
   * as kube-apiserver's gate `UnauthenticatedHTTP2DOSMitigation`.
   */
  readonly closeUnauthenticatedHttp2?: boolean
  /**
   * What happens to a request with `Impersonate-*` headers, which ask to act as another user.
   *
   * - `auto` (default): it is refused with 403, unless impersonation is known to follow
   *   ({@link AuthenticateRequestContext.impersonates}).
   * - `later`: impersonation follows, where it cannot be seen. Until then the request has no user.
   * - `pass`: the headers reach the app, which hands them on to a kube-apiserver. Here the caller is the user.
   */
  readonly impersonationHeaders?: 'auto' | 'later' | 'pass'
  /** Told of every request and of what every authenticator thought of it. */
  readonly observer?: Observer
  /** Follows each request while it is decided, as spans of OpenTelemetry do. Default: nothing does. */
  readonly tracing?: RequestTracing
}

/** The checks of {@link AuthenticateRequestOptions}, for adapters whose options have more. */
export const authenticateRequestShape: OptionsShape<AuthenticateRequestOptions> = {
  audiences: someAudiences,
  challenges: oneOf('auto', 'none'),
  realm: must('must be printable ASCII', (value) => typeof value === 'string' && !/[^\x20-\x7e]/.test(value)),
  unavailableStatus: must('must be 401 or 503', (value) => value === 401 || value === 503),
  closeUnauthenticatedHttp2: aBoolean,
  impersonationHeaders: oneOf('auto', 'later', 'pass'),
  observer: aFunction,
  tracing: aFunction,
}

/** What is known of one request beyond itself. Members are read when they are needed, so any may be a getter. */
export interface AuthenticateRequestContext {
  /**
   * Whether `impersonateRequest` decides this request next. Read only when the request has `Impersonate-*` headers. Default `false`.
   */
  readonly impersonates?: boolean | undefined
  /**
   * Whether this request asked before to act as another user, by headers that are gone: what was granted or refused then would be
   * undone, so another authentication is refused. Default `false`.
   */
  readonly askedToImpersonate?: boolean | undefined
  /** What authenticators find in their context: it should end with the client. Read only when one of them asks for it. */
  readonly signal?: AbortSignal | undefined
}
