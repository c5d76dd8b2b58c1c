import {
  aClock,
  aLog,
  anAuthorizer,
  aRequestAuthenticator,
  aString,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
  must,
  nested,
  someAudiences,
  withMethods,
} from '@kube-authn/core/internal'
import { someTokenAuthenticators } from '@kube-authn/api/internal'
import {
  above,
  aFunction,
  listOf,
  oneOf,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import type { Authenticator, Observer, TokenAuthenticator } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { Metrics } from '@kube-authn/metrics'
import { type KubernetesApiOptions, kubernetesApiShape } from '../api/kubernetes-api.ts'
import type { HealthCheck } from '../api/health.ts'
import type { NodeMessage } from './handlers.ts'
import type { NodeResponse } from './write-answer.ts'

/** Documents at exact paths, as `issuerDiscovery` makes them. */
export interface ServedDocuments {
  documentAt(
    path: string,
  ): { readonly headers: Readonly<Record<string, string>>; readonly body: string } | undefined
}

/**
 * Options of {@link apiServer}. Those of `kubernetesApi` are passed on to it: the store, the clock, and what it needs for tokens and certificates. Its release is also that of impersonation.
 */
export interface ApiServerOptions
  extends
    Omit<KubernetesApiOptions, 'authorizer' | 'observer'>,
    Pick<AuthenticateRequestOptions, 'challenges' | 'log' | 'realm' | 'tracing'> {
  /** Who makes a request. */
  readonly authenticator: Authenticator
  /** What users may do: requests, impersonation and access reviews. */
  readonly authorizer: Authorizer
  /** The token authenticators of TokenReviews, in the order they are tried. Default: TokenReviews are not served. */
  readonly tokens?: readonly TokenAuthenticator[]
  /** The audiences of this server, for requests and TokenReviews (`--api-audiences`). Default: those of the authenticator. */
  readonly audiences?: readonly string[]
  /** The documents of the issuer of service account tokens: `issuerDiscovery(...)`. Default: they are not served. */
  readonly issuerDiscovery?: ServedDocuments
  /** Writes audit events: `auditLog(...)`, or the `observer` of `auditFile(...)`. Default: no audit. */
  readonly audit?: Observer
  /** Counts, and is shown at `/metrics`. Default: `/metrics` is not served. */
  readonly metrics?: Metrics
  /** Receives all events. Default: none. */
  readonly observer?: Observer
  /** Further checks of health, after `ping`, `store` (not of `/livez`) and, of `/readyz`, `copies`: none of those that the options have is too old; `clock`: with PostgreSQL and etcd, that of this process is not more than `clockSkewSeconds` wrong; and `writes`: the store takes them. The last one of `/readyz` is `shutdown`. Default: none. */
  readonly healthChecks?: readonly HealthCheck[]
  /**
   * Paths that every user may request, each exact or with a star at its end (`--authorization-always-allow-paths`). Without anonymous users these are all authenticated users.
   * Default: `/healthz`, `/livez` and `/readyz` may be read.
   */
  readonly alwaysAllowPaths?: readonly string[]
  /** How many requests that only read may run at a time (`--max-requests-inflight`); 0 is no limit. Default 400. */
  readonly maxRequestsInFlight?: number
  /** How many other requests may run at a time (`--max-mutating-requests-inflight`); 0 is no limit. Default 200. */
  readonly maxMutatingRequestsInFlight?: number
  /** How long a request may take that is no watch (`--request-timeout`). A client may ask for less. Default 60. */
  readonly requestTimeoutSeconds?: number
  /** How long requests are still accepted after `close()` while `/readyz` fails already (`--shutdown-delay-duration`). Default 0. */
  readonly shutdownDelaySeconds?: number
  /** How long `close()` waits at most for requests that are running. Default 60. */
  readonly shutdownGraceSeconds?: number
}

/** An API server without its socket. */
export interface ApiServer {
  /**
   * The listener of `request`, for servers of `node:http`, `node:https` and `node:http2`. Without a listener of `upgrade` Node gives it the requests for an upgrade, too, which it
   * answers without one, as Kubernetes allows.
   */
  readonly listener: (request: NodeMessage, response: NodeResponse) => void
  /**
   * Fails `/readyz`, refuses further requests, ends watches and waits for the requests that are running. Close the server of Node after it, and the store last.
   * Every call returns the same promise, which never rejects.
   */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

const checkShape: OptionsShape<HealthCheck> = {
  name: required(
    must(
      'must consist of letters, digits, "-", "_", "." and "/"',
      (value) => typeof value === 'string' && /^[\w.-]+(?:\/[\w.-]+)*$/.test(value),
    ),
  ),
  check: required(aFunction),
  endpoints: listOf(oneOf('healthz', 'livez', 'readyz')),
}

export const apiServerShape: OptionsShape<ApiServerOptions> = {
  ...kubernetesApiShape,
  authenticator: required(aRequestAuthenticator),
  authorizer: required(anAuthorizer),
  tokens: someTokenAuthenticators,
  audiences: someAudiences,
  issuerDiscovery: withMethods('the discovery of an issuer', 'documentAt'),
  audit: aFunction,
  metrics: withMethods('metrics, as metrics() makes', 'render', 'observer'),
  observer: aFunction,
  healthChecks: listOf(nested(checkShape)),
  alwaysAllowPaths: listOf(aString),
  maxRequestsInFlight: wholeNumber(0),
  maxMutatingRequestsInFlight: wholeNumber(0),
  requestTimeoutSeconds: above(0),
  shutdownDelaySeconds: wholeNumber(0),
  shutdownGraceSeconds: wholeNumber(0),
  challenges: authenticateRequestShape.challenges,
  realm: authenticateRequestShape.realm,
  tracing: authenticateRequestShape.tracing,
  log: aLog,
  clock: aClock,
}
