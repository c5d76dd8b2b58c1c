import {
  aBooleanOrAnonymousConfig,
  someAudiences,
  MASTERS_GROUP,
  anOrigin,
  aString,
  atLeast,
} from '@kube-authn/core/internal'
import {
  authenticatedGroup,
  authenticatorChain,
  type Clock,
  type Observer,
  type TokenAuthenticator,
} from '@kube-authn/core'
import {
  allowPaths,
  type Authorizer,
  privilegedGroups,
  unionAuthorizer,
} from '@kube-authn/core/authorization'
import { webhookAuthorizer, webhookAuthenticator } from '@kube-authn/core/remote'
import { above, checkOptions, listOf, type OptionsShape } from '@kube-authn/core/adapter'
import { type EndpointFetch, endpointFetch } from '../http/endpoint-fetch.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { clusterClients, clusterClientsShape } from './cluster-clients.ts'
import type { DelegatedAuthentication, DelegatedAuthenticationOptions } from './delegated-authentication.ts'
import { apiUrl, clusterShape, optionalClusterEndpoint } from './cluster-endpoint.ts'

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
}

/** {@link delegatedAuthentication}, loaded when it is first called. */
export async function delegate(options: DelegatedAuthenticationOptions): Promise<DelegatedAuthentication> {
  checkOptions(shape, options)
  const { alwaysAllowPaths = ['/healthz', '/readyz', '/livez'], anonymous, audiences } = options
  const endpoint = optionalClusterEndpoint(options)
  const opened: { close(): void }[] = []
  const close = (): void => {
    for (const each of opened) each.close()
  }
  try {
    const fetch = endpoint && endpointFetch(endpoint, fetchOptions(options))
    if (fetch !== undefined) opened.push(fetch)
    const reviews = fetch && clusterReviews(endpoint, fetch, options)
    const authorizer = unionAuthorizer(
      privilegedGroups(MASTERS_GROUP),
      allowPaths(alwaysAllowPaths),
      ...(reviews === undefined ? [] : [reviews.authorizer]),
    )
    const clients = await clusterClients(endpoint, fetch, options)
    opened.push(clients)
    const { requestHeader, clientCertificate } = clients
    const tokens = reviews === undefined ? [] : [reviews.tokens]
    const authenticator = authenticatorChain({
      ...(requestHeader !== undefined && { requestHeader }),
      ...(clientCertificate !== undefined && { clientCertificate }),
      tokens: reviews === undefined ? 'ignored' : tokens,
      ...(anonymous !== undefined && { anonymous }),
      ...(audiences !== undefined && { audiences }),
      ...(options.trustedOrigins !== undefined && { trustedOrigins: options.trustedOrigins }),
    })
    return { authenticator, tokens: tokens.map((each) => authenticatedGroup(each)), authorizer, close }
  } catch (error) {
    close()
    throw error
  }
}

/** The TokenReview and SubjectAccessReview clients. */
function clusterReviews(
  endpoint: Endpoint,
  fetch: EndpointFetch,
  options: DelegatedAuthenticationOptions,
): { readonly tokens: TokenAuthenticator; readonly authorizer: Authorizer } {
  const { tokenTtlSeconds = 10, allowedTtlSeconds = 10, deniedTtlSeconds = 10, audiences } = options
  const { timeoutSeconds, clock } = fetchOptions(options)
  const shared = {
    fetch,
    redact: fetch.secrets,
    timeoutSeconds,
    delegated: true,
    ...(clock !== undefined && { clock }),
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

function fetchOptions({ timeoutSeconds = 10, clock, observer }: DelegatedAuthenticationOptions): {
  readonly timeoutSeconds: number
  readonly clock?: Clock
  readonly observer?: Observer
} {
  return {
    timeoutSeconds,
    ...(clock !== undefined && { clock }),
    ...(observer !== undefined && { observer }),
  }
}
