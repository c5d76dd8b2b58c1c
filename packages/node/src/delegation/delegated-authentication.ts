import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import {
  defined,
  aBooleanOrAnonymousConfig,
  aKubernetesVersion,
  type AnonymousConfig,
  anOrigin,
  aString,
  atLeast,
  namedUnion,
  someAudiences,
} from '@kube-authn/core/internal'
import {
  authenticatedGroup,
  type Authenticator,
  authenticatorChain,
  type TokenAuthenticator,
  type KubernetesVersion,
} from '@kube-authn/core'
import { allowPaths, type Authorizer, MASTERS_GROUP, privilegedGroups } from '@kube-authn/core/authorization'
import { webhookAuthenticator, webhookAuthorizer } from '@kube-authn/core/remote'
import { above, checkOptions, listOf, type OptionsShape } from '@kube-authn/core/adapter'
import { type EndpointFetch, endpointFetch } from '../http/endpoint-client.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { clusterClients, type ClusterClientsOptions, clusterClientsShape } from './cluster-clients.ts'
import { apiUrl, type ClusterOptions, clusterShape, optionalClusterEndpoint } from './cluster-endpoint.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

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
  /** The release whose reasons are given. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
}

const shape: OptionsShape<DelegatedAuthenticationOptions> = {
  ...clusterShape,
  ...clusterClientsShape,
  tokenTtlSeconds: atLeast(0),
  allowedTtlSeconds: atLeast(0),
  deniedTtlSeconds: atLeast(0),
  alwaysAllowPaths: listOf(aString),
  timeoutSeconds: above(0, 30),
  anonymous: aBooleanOrAnonymousConfig,
  audiences: someAudiences,
  trustedOrigins: listOf(anOrigin),
  kubernetesVersion: aKubernetesVersion,
}

/** Authentication and authorization by a cluster. */
export interface DelegatedAuthentication extends Closeable {
  readonly authenticator: Authenticator
  /** Its token authenticators, whose users have `system:authenticated`, for TokenReviews; none without a cluster. */
  readonly tokens: readonly TokenAuthenticator[]
  readonly authorizer: Authorizer
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
  checkOptions(shape, options)
  // Read before anything is awaited: what the caller changes meanwhile does not count.
  const { alwaysAllowPaths = ['/healthz', '/readyz', '/livez'] } = options
  const { kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  const { anonymous, audiences, trustedOrigins, timeoutSeconds = 10, observer, clock } = options
  const endpoint = optionalClusterEndpoint(options)
  const opened: { close(): void }[] = []
  const close = (): void => {
    for (const each of opened) each.close()
  }
  try {
    const fetch = endpoint && endpointFetch(endpoint, { timeoutSeconds, ...defined({ observer, clock }) })
    if (fetch !== undefined) opened.push(fetch)
    const reviews = fetch && clusterReviews(endpoint, fetch, options)
    const authorizer = namedUnion(
      [
        { authorizer: privilegedGroups(MASTERS_GROUP) },
        { authorizer: allowPaths(alwaysAllowPaths) },
        ...(reviews === undefined ? [] : [{ authorizer: reviews.authorizer, name: 'kubernetes.io/webhook' }]),
      ],
      kubernetesVersion,
    )
    const clients = await clusterClients(endpoint, fetch, options)
    opened.push(clients)
    const { requestHeader, clientCertificate } = clients
    const tokens = reviews === undefined ? [] : [reviews.tokens]
    const authenticator = authenticatorChain({
      ...defined({ requestHeader, clientCertificate }),
      tokens: reviews === undefined ? 'ignored' : tokens,
      ...defined({ anonymous, audiences, trustedOrigins }),
    })
    return closeable(
      { authenticator, tokens: tokens.map((each) => authenticatedGroup(each)), authorizer },
      close,
    )
  } catch (error) {
    close()
    throw error
  }
}

function clusterReviews(
  endpoint: Endpoint,
  fetch: EndpointFetch,
  options: DelegatedAuthenticationOptions,
): { readonly tokens: TokenAuthenticator; readonly authorizer: Authorizer } {
  const { tokenTtlSeconds = 10, allowedTtlSeconds = 10, deniedTtlSeconds = 10, audiences } = options
  const { timeoutSeconds = 10, clock } = options
  const shared = {
    fetch,
    redact: fetch.secrets,
    timeoutSeconds,
    delegated: true,
    ...defined({ clock }),
  }
  return {
    tokens: webhookAuthenticator({
      ...shared,
      url: apiUrl(endpoint, '/apis/authentication.k8s.io/v1/tokenreviews'),
      ttlSeconds: tokenTtlSeconds,
      ...(audiences !== undefined && audiences.length > 0 && { implicitAudiences: audiences }),
    }),
    authorizer: webhookAuthorizer({
      ...shared,
      url: apiUrl(endpoint, '/apis/authorization.k8s.io/v1/subjectaccessreviews'),
      allowedTtlSeconds,
      deniedTtlSeconds,
    }),
  }
}
