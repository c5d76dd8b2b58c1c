import type { Authenticator } from '@kube-authn/core'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import { believeDescribed, describedProxy, type DescribedProxyOptions } from './described-proxy.ts'
import { fileShape } from '../options/reload-options.ts'
import { requestHeaderConfigAt, type RequestHeaderConfigAtOptions } from './request-header-config-at.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

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
    describedProxy(config, { ...file, ...(joinedHeaders !== undefined && { joinedHeaders }) }),
  )
  return closeable(believeDescribed(source), source.close)
}
