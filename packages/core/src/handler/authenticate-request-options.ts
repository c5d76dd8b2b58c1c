import type { Observer } from '../authenticator/events.ts'
import type { Log } from '../authenticator/log.ts'
import {
  aBoolean,
  aFunction,
  aLog,
  type Check,
  must,
  nonEmptyListOf,
  oneOf,
  type OptionsShape,
  someAudiences,
} from '../internal/options/index.ts'
import type { AuthenticatedRequest } from './request-outcome.ts'
import type { RequestTracing } from './tracing.ts'

/** Options of authentication, the same in every adapter. */
export interface AuthenticateRequestOptions {
  /** The audiences that credentials must be valid for (`--api-audiences`). Must not be empty. Default: those of the authenticator. */
  readonly audiences?: readonly string[]
  /**
   * Whether a request without a credential is accepted, as the user `system:anonymous` in the group `system:unauthenticated`. A wrong
   * credential is a 401 nevertheless, and so is an `Authorization` header of a scheme that the authenticator does not know. Default `false`.
   */
  readonly optional?: boolean
  /**
   * The challenges of a 401.
   *
   * - `auto` (default): one for every scheme the chain accepts, without `Basic` for requests of scripts in a browser (`Sec-Fetch-Dest` and a `Sec-Fetch-Mode` other than
   *   `navigate`, or `X-Requested-With`), since the browser would show a dialog for passwords.
   * - `all`: `Basic` for scripts too.
   * - `none`: none, like kube-apiserver.
   */
  readonly challenges?: 'auto' | 'all' | 'none'
  /** The URL of the metadata of this resource, in `Bearer` challenges (RFC 9728 section 5.1). Default: none. */
  readonly resourceMetadataUrl?: string
  /** The OAuth scopes that clients should ask for, in `Bearer` challenges. `requireScopes` checks them. Default: none. */
  readonly scopes?: readonly string[]
  /** The realm of the challenges. Default `kubernetes-master`, as in old kube-apiservers. */
  readonly realm?: string
  /**
   * The status if a credential could not be checked. Default 401, as in Kubernetes. If it was not checked because too many checks were in
   * progress, the status is always 503, with `Retry-After`.
   *
   * Deviation: 503 is possible (`docs/deviations.md`, 503 for outages).
   */
  readonly unavailableStatus?: 401 | 503
  /**
   * Close the HTTP/2 connection after an unauthenticated request, so that idle unauthenticated connections are not free. Default `true`,
   * as with kube-apiserver's feature gate `UnauthenticatedHTTP2DOSMitigation`.
   */
  readonly closeUnauthenticatedHttp2?: boolean
  /**
   * How to handle a request with `Impersonate-*` headers, which ask to act as another user.
   *
   * - `auto` (default): refuse it with 403, unless impersonation is known to follow ({@link AuthenticateRequestContext.impersonates}).
   * - `later`: impersonation follows, but cannot be detected. Until then the request has no user.
   * - `pass`: the headers reach the app, which forwards them to a kube-apiserver. In the app, the caller is the user.
   */
  readonly impersonationHeaders?: 'auto' | 'later' | 'pass'
  /** Receives the outcome of every request and of every authenticator. */
  readonly observer?: Observer
  /**
   * Where refused requests are logged: a logger such as `console`, pino or winston, a function, or `false`. Default: the `log` of the
   * authenticator, else `console` in development, and for errors only in production.
   */
  readonly log?: Log
  /** Traces the authentication of each request, for example with OpenTelemetry spans. Default: no tracing. */
  readonly tracing?: RequestTracing
}

/** A scope token of RFC 6749 section 3.3. */
export const aScope: Check = must(
  'must be a scope: printable ASCII without spaces, quotation marks and backslashes',
  (value) => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value),
)

/** A URL that can be in the quoted string of a challenge. */
export const aQuotableUrl: Check = must(
  'must be an http or https URL in ASCII',
  (value) => typeof value === 'string' && /^https?:\/\/[!#-[\]-~]+$/.test(value) && URL.canParse(value),
)

/** The checks of {@link AuthenticateRequestOptions}, for adapters that extend these options. */
export const authenticateRequestShape: OptionsShape<AuthenticateRequestOptions> = {
  audiences: someAudiences,
  optional: aBoolean,
  challenges: oneOf('auto', 'all', 'none'),
  resourceMetadataUrl: aQuotableUrl,
  scopes: nonEmptyListOf(aScope, '; leave it out for none'),
  realm: must('must be printable ASCII', (value) => typeof value === 'string' && !/[^\x20-\x7e]/.test(value)),
  unavailableStatus: must('must be 401 or 503', (value) => value === 401 || value === 503),
  closeUnauthenticatedHttp2: aBoolean,
  impersonationHeaders: oneOf('auto', 'later', 'pass'),
  observer: aFunction,
  log: aLog,
  tracing: aFunction,
}

/** The context of one request. Members are read only when needed, so each may be a getter. */
export interface AuthenticateRequestContext {
  /** Whether `impersonateRequest` handles this request next. Read only if the request has `Impersonate-*` headers. Default `false`. */
  readonly impersonates?: boolean | undefined
  /** Whether this request had impersonation headers that are already removed. Authenticating it again would undo that decision, so it is refused. Default `false`. */
  readonly askedToImpersonate?: boolean | undefined
  /** What an earlier `authenticateRequest` accepted this request with, whose credential is no longer in the headers: the same authenticator accepts its own user again. */
  readonly accepted?: AuthenticatedRequest | undefined
  /** Whether the request is only tried, as by `explain`: nothing is recorded about its credential. Default `false`. */
  readonly isDryRun?: boolean | undefined
  /** The signal for authenticators; it should be aborted when the client disconnects. Read only if an authenticator uses it. */
  readonly signal?: AbortSignal | undefined
}
