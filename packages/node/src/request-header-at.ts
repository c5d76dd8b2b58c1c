import type { Authenticator, HeaderChanges } from '@kube-authn/core'
import { requestHeader, type RequestHeaderOptions } from '@kube-authn/core/request-header'
import type { RequestHeaderConfig } from '@kube-authn/core/request-header-config'
import {
  requestHeaderConfigAt,
  type RequestHeaderConfigAtOptions,
} from './request-header-config/request-header-config-at.ts'

/** Options of {@link requestHeaderAt}. */
export type RequestHeaderAtOptions = RequestHeaderConfigAtOptions &
  Pick<RequestHeaderOptions, 'joinedHeaders'>

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
  const { joinedHeaders, ...file } = options
  const settings = {
    ...(joinedHeaders !== undefined && { joinedHeaders }),
    ...(options.clock !== undefined && { clock: options.clock }),
  }
  const source = requestHeaderConfigAt(path, file, (config) => make(config, settings))
  return {
    name: 'requestHeader',
    credentials: {
      schemes: [],
      peerCertificates: true,
      identityHeaders: [() => source.current().identityHeaders],
    },
    authenticate: (request, context) => source.current().authenticator?.authenticate(request, context),
    close: source.close,
  }
}

interface Made {
  readonly authenticator: Authenticator | undefined
  readonly identityHeaders: HeaderChanges
}

function make(
  config: RequestHeaderConfig,
  options: Pick<RequestHeaderAtOptions, 'joinedHeaders' | 'clock'>,
): Made {
  const { usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes, allowedNames } = config
  const ca = config.requestHeaderClientCA
  if (ca === undefined) return { authenticator: undefined, identityHeaders: NOTHING }
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
  return { authenticator, identityHeaders: identityHeaders?.() ?? NOTHING }
}

const NOTHING: HeaderChanges = Object.freeze({ remove: [] })
