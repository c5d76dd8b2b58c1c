import { ConfigurationError } from '@kube-authn/core'
import {
  parseRequestHeaderConfig,
  type RequestHeaderConfig,
  type RequestHeaderConfigData,
} from '@kube-authn/core/client-certificate'
import { isObject } from '@kube-authn/core/internal'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { checkOptions } from '@kube-authn/core/adapter'
import { fileShape, type FileOptions } from '../options/reload-options.ts'
import { fileSource } from '../file-source/file-source.ts'
import type { FileSource } from '../file-source/reloading-source.ts'

/** Options of {@link requestHeaderConfigAt}. */
export type RequestHeaderConfigAtOptions = FileOptions

/** The largest size of a ConfigMap (`MaxSecretSize`). */
const MAX_BYTES = 1_048_576

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
    maxBytes: MAX_BYTES,
    ...options,
    parse(content) {
      const config = parseRequestHeaderConfig(dataOf(path, content))
      return make === undefined ? config : make(config)
    },
  })
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

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

/** Whether all its values are strings. */
export function isOfStrings(
  record: Readonly<Record<string, unknown>>,
): record is Readonly<Record<string, string>> {
  return Object.values(record).every((value) => typeof value === 'string')
}
