import type { Authenticator, Clock, HeaderChanges } from '@kube-authn/core'
import { requestHeader, type RequestHeaderOptions } from '@kube-authn/core/request-header'
import type { RequestHeaderConfig } from '@kube-authn/core/request-header-config'

/** A front proxy as one version of the ConfigMap describes it. */
export interface DescribedProxy {
  /** Absent without a CA for proxies: then nobody is one. */
  readonly authenticator?: Authenticator
  readonly identityHeaders: HeaderChanges
}

/** What a ConfigMap does not say. */
export type DescribedProxyOptions = Pick<RequestHeaderOptions, 'joinedHeaders'> & { readonly clock?: Clock }

/**
 * The proxy that a version of the ConfigMap describes.
 *
 * @throws {ConfigurationError} when it cannot be believed as it is described.
 */
export function describedProxy(config: RequestHeaderConfig, options: DescribedProxyOptions): DescribedProxy {
  const { usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes, allowedNames } = config
  const ca = config.requestHeaderClientCA
  if (ca === undefined) return NOBODY
  const authenticator = requestHeader({
    ca,
    allowedNames,
    usernameHeaders,
    uidHeaders,
    groupHeaders,
    extraHeaderPrefixes,
    ...(options.joinedHeaders !== undefined && { joinedHeaders: options.joinedHeaders }),
    ...(options.clock !== undefined && { clock: options.clock }),
  })
  const [identityHeaders] = authenticator.credentials?.identityHeaders ?? []
  return { authenticator, identityHeaders: identityHeaders?.() ?? NOBODY.identityHeaders }
}

/** Before anything is known of a proxy. */
export const NOBODY: DescribedProxy = Object.freeze({ identityHeaders: Object.freeze({ remove: [] }) })

/** Believes the proxy that is described at the moment. */
export function believeDescribed(current: () => DescribedProxy): Authenticator {
  return {
    name: 'requestHeader',
    credentials: {
      schemes: [],
      peerCertificates: true,
      identityHeaders: [() => current().identityHeaders],
    },
    authenticate: (request, context) => current().authenticator?.authenticate(request, context),
  }
}
