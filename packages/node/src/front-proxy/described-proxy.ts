import type { Authenticator, Clock, HeaderChanges } from '@kube-authn/core'
import {
  requestHeader,
  type RequestHeaderConfig,
  type RequestHeaderOptions,
} from '@kube-authn/core/client-certificate'
import type { CertificatePool } from '@kube-authn/x509'
import { type FileSource, RESTRICT } from '../file-source/reloading-source.ts'
import type { ProxyAuthorities } from './keep-apart.ts'
import type { Closeable } from '../options/closeable.ts'

/** The front proxy of one version of the ConfigMap. */
export interface DescribedProxy {
  /** Absent if the ConfigMap has no CA for proxies: then no proxy is trusted. */
  readonly authenticator?: Authenticator
  /** The CAs of proxy certificates. Absent if the authenticator is. */
  readonly authorities?: CertificatePool | undefined
  readonly identityHeaders: HeaderChanges
}

/** What a ConfigMap does not specify. */
export type DescribedProxyOptions = Pick<RequestHeaderOptions, 'joinedHeaders'> & { readonly clock?: Clock }

/**
 * Creates the front proxy of a version of the ConfigMap.
 *
 * @throws {ConfigurationError} if the description is invalid or unsafe.
 */
export function describedProxy(config: RequestHeaderConfig, options: DescribedProxyOptions): DescribedProxy {
  const { usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes, allowedNames } = config
  const ca = config.requestHeaderClientCA
  if (ca === undefined) return NO_PROXY
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
    identityHeaders: identityHeaders?.() ?? NO_PROXY.identityHeaders,
  }
}

/** No proxy: before the ConfigMap is known. */
export const NO_PROXY: DescribedProxy = Object.freeze({ identityHeaders: Object.freeze({ remove: [] }) })

/** Trusts the proxy that is currently described. */
export function believeDescribed(source: Omit<FileSource<DescribedProxy>, keyof Closeable>): Authenticator {
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

function authoritiesOf(source: Omit<FileSource<DescribedProxy>, keyof Closeable>): ProxyAuthorities {
  return {
    current: () => source.current().authorities,
    [RESTRICT]: (check) => source[RESTRICT]?.(({ authorities }) => check(authorities)),
  }
}
