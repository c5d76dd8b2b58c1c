import type { Authenticator, Clock, HeaderChanges } from '@kube-authn/core'
import {
  requestHeader,
  type RequestHeaderConfig,
  type RequestHeaderOptions,
} from '@kube-authn/core/client-certificate'
import type { CertificatePool } from '@kube-authn/x509'
import { type FileSource, RESTRICT } from '../file-source/reloading-source.ts'
import type { ProxyAuthorities } from './certificate-pools.ts'
import { type Closeable, closeable } from '../options/closeable.ts'
import { defined } from '@kube-authn/core/internal'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import { fileShape } from '../options/reload-options.ts'
import { requestHeaderConfigAt, type RequestHeaderConfigAtOptions } from './request-header-config-at.ts'

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
  const { requestHeaderClientCA: ca, clientCA: _ofUsers, ...described } = config
  if (ca === undefined) return NO_PROXY
  const { joinedHeaders, clock } = options
  const authenticator = requestHeader({ ca, ...described, ...defined({ joinedHeaders, clock }) })
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

/** Options of {@link requestHeaderAt}. */
export type RequestHeaderAtOptions = RequestHeaderConfigAtOptions & DescribedProxyOptions

const shape: OptionsShape<RequestHeaderAtOptions> = {
  ...fileShape,
  joinedHeaders: oneOf('reject', 'split', 'whole'),
}

/**
 * Trusts the front proxy that the ConfigMap `extension-apiserver-authentication` describes, as an extension API server behind kube-apiserver does. A
 * new version of the manifest takes effect as a whole or not at all. If it has no CA for proxies, the authenticator has no opinion.
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`.
 *
 * Deviation: without allowed names no proxy is trusted (`docs/deviations.md`, request header configuration).
 *
 * @throws {ConfigurationError} if the manifest cannot be used; any error of reading it.
 * @example
 * const proxy = requestHeaderAt('extension-apiserver-authentication.yaml')
 */
export function requestHeaderAt(
  path: string,
  options: RequestHeaderAtOptions = {},
): Authenticator & Closeable {
  checkOptions(shape, options)
  const { joinedHeaders, ...file } = options
  const source = requestHeaderConfigAt(path, file, (config) =>
    describedProxy(config, { ...file, ...defined({ joinedHeaders }) }),
  )
  return closeable(believeDescribed(source), source.close)
}
