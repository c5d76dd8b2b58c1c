import type { AnonymousConfig } from '@kube-authn/core/internal'
import type { Authenticator, TokenAuthenticator } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import { asGiven } from '../options/as-given.ts'
import type { ClusterClientsOptions } from './cluster-clients.ts'
import type { ClusterOptions } from './cluster-endpoint.ts'

/** Options of {@link delegatedAuthentication}. The defaults are those of extension API servers. */
export interface DelegatedAuthenticationOptions extends ClusterOptions, ClusterClientsOptions {
  /** How long the user of a token is cached (`--authentication-token-webhook-cache-ttl`). Default 10. */
  readonly tokenTtlSeconds?: number
  /** How long an allowed authorization is cached (`--authorization-webhook-cache-authorized-ttl`). Default 10. */
  readonly allowedTtlSeconds?: number
  /** How long any other authorization result is cached (`--authorization-webhook-cache-unauthorized-ttl`). Default 10. */
  readonly deniedTtlSeconds?: number
  /** Paths that every user may request (`--authorization-always-allow-paths`). Default `/healthz`, `/readyz` and `/livez`. */
  readonly alwaysAllowPaths?: readonly string[]
  /** The timeout of one review by the cluster, retries included. Default 10. */
  readonly timeoutSeconds?: number
  /** Authenticate requests without credentials as `system:anonymous`. Default `false`. */
  readonly anonymous?: boolean | AnonymousConfig
  /** The accepted audiences: a credential must be valid for at least one. Default: no restriction. */
  readonly audiences?: readonly string[]
  /** The origins of other sites whose pages may make requests with what browsers send by themselves, as the option of `authenticatorChain`. Default: none. */
  readonly trustedOrigins?: readonly string[]
}

/** Authentication and authorization by a cluster. */
export interface DelegatedAuthentication {
  readonly authenticator: Authenticator
  /** Its token authenticators, whose users have `system:authenticated`, for TokenReviews; none without a cluster. */
  readonly tokens: readonly TokenAuthenticator[]
  readonly authorizer: Authorizer
  /** Closes all connections and stops reading files and the ConfigMap. The process can exit without it. */
  readonly close: () => void
}

/**
 * Delegates authentication and authorization to a cluster, as an extension API server does. The front proxy and client CA come from the ConfigMap
 * `kube-system/extension-apiserver-authentication`; tokens are checked by TokenReview and permissions by SubjectAccessReview.
 *
 * The user of the kubeconfig needs the roles `system:auth-delegator`, and `extension-apiserver-authentication-reader` in
 * `kube-system`.
 *
 * Source: apiserver `pkg/server/options/authentication.go`, `authorization.go`, `pkg/authentication/authenticatorfactory`.
 *
 * Deviation: anonymous requests are refused by default, and a tolerated failure of the lookup is retried (`docs/deviations.md`, anonymous by default;
 * delegation).
 *
 * @throws {ConfigurationError} as a rejection: if there is no cluster, an option is invalid, or the ConfigMap cannot be read or used at first.
 * @example
 * const { authenticator, authorizer } = await delegatedAuthentication({ kubeconfig: '/etc/my-app/kubeconfig' })
 * app.use(authentication(authenticator), authorization(authorizer))
 */
export async function delegatedAuthentication(
  options: DelegatedAuthenticationOptions = {},
): Promise<DelegatedAuthentication> {
  const given = asGiven(options)
  const { delegate } = await import('./by-cluster.ts')
  return delegate(given)
}
