import type { Authenticator, Clock, HeaderChanges } from '@kube-authn/core'
import { requestHeader, type RequestHeaderOptions } from '@kube-authn/core/request-header'
import type { RequestHeaderConfig } from '@kube-authn/core/request-header-config'
import type { CertificatePool } from '@kube-authn/core/x509'
import { type FileSource, RESTRICT } from './file-source/reloading-source.ts'
import type { ProxyAuthorities } from './keep-apart.ts'

/** A front proxy as one version of the ConfigMap describes it. */
export interface DescribedProxy {
  /** Absent without a CA for proxies: then nobody is one. */
  readonly authenticator?: Authenticator
  /** Who signs the certificates of proxies. Absent as the authenticator is. */
  readonly authorities?: CertificatePool | undefined
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
  const [authorities] = authenticator.credentials?.proxyAuthorities ?? []
  return {
    authenticator,
    authorities: authorities?.current(),
    identityHeaders: identityHeaders?.() ?? NOBODY.identityHeaders,
  }
}

/** Before anything is known of a proxy. */
export const NOBODY: DescribedProxy = Object.freeze({ identityHeaders: Object.freeze({ remove: [] }) })

/** Believes the proxy that is described at the moment. */
export function believeDescribed(source: Omit<FileSource<DescribedProxy>, 'close'>): Authenticator {
  return {
    name: 'requestHeader',
    credentials: {
      schemes: [],
      peerCertificates: true,
      identityHeaders: [() => source.current().identityHeaders],
      proxyAuthorities: [authoritiesOf(source)],
    },
    authenticate: (request, context) => source.current().authenticator?.authenticate(request, context),
  }
}

function authoritiesOf(source: Omit<FileSource<DescribedProxy>, 'close'>): ProxyAuthorities {
  return {
    current: () => source.current().authorities,
    [RESTRICT]: (check) => source[RESTRICT]?.(({ authorities }) => check(authorities)),
  }
}
