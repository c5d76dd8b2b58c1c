import type { Authenticator } from '@kube-authn/core'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/options'
import { believeDescribed, describedProxy, type DescribedProxyOptions } from './described-proxy.ts'
import { fileShape } from './options/reload-shape.ts'
import {
  requestHeaderConfigAt,
  type RequestHeaderConfigAtOptions,
} from './request-header-config/request-header-config-at.ts'

/** Options of {@link requestHeaderAt}. */
export type RequestHeaderAtOptions = RequestHeaderConfigAtOptions & DescribedProxyOptions

const shape: OptionsShape<RequestHeaderAtOptions> = {
  ...fileShape,
  joinedHeaders: oneOf('reject', 'split', 'whole'),
}

/**
 * Believes the front proxy that the ConfigMap `extension-apiserver-authentication` describes, as an extension API server behind
 * kube-apiserver does. A new version of the manifest counts as a whole or not at all. Without a CA for proxies in it there is no
 * opinion on any request.
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`.
 *
 * Deviation: without allowed names nobody is the proxy (`docs/deviations.md`, request header configuration).
 *
 * @throws {ConfigurationError} when the manifest cannot be used; whatever reading it throws.
 * @example
 * const proxy = requestHeaderAt('extension-apiserver-authentication.yaml')
 */
export function requestHeaderAt(
  path: string,
  options: RequestHeaderAtOptions = {},
): Authenticator & { readonly close: () => void } {
  checkOptions(shape, options)
  const { joinedHeaders, ...file } = options
  const source = requestHeaderConfigAt(path, file, (config) =>
    describedProxy(config, { ...file, ...(joinedHeaders !== undefined && { joinedHeaders }) }),
  )
  return { ...believeDescribed(source), close: source.close }
}
