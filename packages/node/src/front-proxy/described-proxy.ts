import { type Authenticator, type Clock, type HeaderChanges, ConfigurationError } from '@kube-authn/core'
import {
  requestHeader,
  type RequestHeaderConfig,
  type RequestHeaderOptions,
  parseRequestHeaderConfig,
  type RequestHeaderConfigData,
} from '@kube-authn/core/client-certificate'
import type { CertificatePool } from '@kube-authn/x509'
import { type FileSource, RESTRICT } from '../file-source/reloading-source.ts'
import type { ProxyAuthorities } from './certificate-pools.ts'
import { type Closeable, closeable } from '../options/closeable.ts'
import { defined, isObject } from '@kube-authn/core/internal'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import { fileShape, type FileOptions } from '../options/reload-options.ts'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { fileSource } from '../file-source/file-source.ts'
import { MAX_TEXT_BYTES, strictUtf8 } from '../file-source/read-file.ts'

/** Options of {@link requestHeaderConfigAt}. */
export type RequestHeaderConfigAtOptions = FileOptions

/**
 * Reads the ConfigMap `extension-apiserver-authentication` from a manifest in YAML or JSON, and reloads it when it changes:
 * `kubectl -n kube-system get configmap extension-apiserver-authentication -o yaml` creates one. A new version takes effect as a whole or not at all;
 * an unusable one changes nothing and is reported to the observer.
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`.
 *
 * @param options as for `fileSource`; the file may have up to 1 MiB.
 * @throws {ConfigurationError} if the file is not a ConfigMap, or its data cannot be used; any error of reading the file.
 * @example
 * const config = requestHeaderConfigAt('extension-apiserver-authentication.yaml')
 * config.current().usernameHeaders // ['X-Remote-User']
 */
export function requestHeaderConfigAt(
  path: string,
  options?: RequestHeaderConfigAtOptions,
): FileSource<RequestHeaderConfig>
/** The same, converted by `make`, which throws to refuse a version. */
export function requestHeaderConfigAt<T>(
  path: string,
  options: RequestHeaderConfigAtOptions,
  make: (config: RequestHeaderConfig) => T,
): FileSource<T>
export function requestHeaderConfigAt<T>(
  path: string,
  options: RequestHeaderConfigAtOptions = {},
  make?: (config: RequestHeaderConfig) => T,
): FileSource<T | RequestHeaderConfig> {
  checkOptions(fileShape, options)
  return fileSource(path, {
    // The largest size of a ConfigMap too (`MaxSecretSize`).
    maxBytes: MAX_TEXT_BYTES,
    ...options,
    parse(content) {
      const config = parseRequestHeaderConfig(dataOf(path, content))
      return make === undefined ? config : make(config)
    },
  })
}

function dataOf(path: string, content: Uint8Array): RequestHeaderConfigData {
  const refuse = (message: string): ConfigurationError => new ConfigurationError([{ path, message }])
  let text: string
  try {
    text = strictUtf8.decode(content)
  } catch {
    throw refuse('not UTF-8')
  }
  const manifest = yamlDocument(text, path)
  if (!isObject(manifest) || manifest['apiVersion'] !== 'v1' || manifest['kind'] !== 'ConfigMap') {
    throw refuse('must be a manifest with apiVersion v1 and kind ConfigMap')
  }
  const data = manifest['data'] ?? {}
  if (!isObject(data) || !isOfStrings(data)) throw refuse('data must be a map of strings')
  return data
}

export function isOfStrings(
  record: Readonly<Record<string, unknown>>,
): record is Readonly<Record<string, string>> {
  return Object.values(record).every((value) => typeof value === 'string')
}

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

/** Creates the front proxy of a version of the ConfigMap. @throws {ConfigurationError} if the description is invalid or unsafe. */
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
