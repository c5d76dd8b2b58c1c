import type { TokenAuthenticator, Clock } from '@kube-authn/core'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import {
  aString,
  optionProblems,
  refuseProblems,
  without,
  defined,
  type WebhookFetch,
} from '@kube-authn/core/internal'
import {
  webhookAuthenticator,
  type WebhookAuthenticatorOptions,
  webhookAuthenticatorShape,
  webhookAuthorizer,
} from '@kube-authn/core/remote'
import { aPath } from '../options/file-option.ts'
import { reloadShape, RELOAD_OPTIONS, reloadOf } from '../options/reload-options.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { type ReadKubeconfigOptions, readKubeconfig } from '../kubeconfig/kubeconfig.ts'
import { type Closeable, closeable, orElse } from '../options/closeable.ts'
import {
  type Authorizer,
  type WebhookAuthorizerOptions,
  webhookAuthorizerShape,
  type ConfiguredWebhook,
  configuredWebhookOptions,
  type WebhookConfiguration,
} from '@kube-authn/core/authorization'
import type { CreateFetchOptions } from '../http/create-fetch.ts'
import { endpointFetch } from '../http/endpoint-client.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { apiUrl, inClusterEndpoint } from '../delegation/cluster-endpoint.ts'

/** Options of {@link webhookAuthenticatorAt}. The reload options apply to the files that the kubeconfig names. */
export type WebhookAuthenticatorAtOptions = Omit<WebhookAuthenticatorOptions, 'url' | 'fetch' | 'redact'> &
  Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  ReloadOptions

export const webhookAuthenticatorAtShape: OptionsShape<WebhookAuthenticatorAtOptions> = {
  ...reloadShape,
  ...without(webhookAuthenticatorShape, 'url', 'fetch', 'redact'),
  context: aString,
  allowMissingUser: aBoolean,
}

/**
 * Authenticates bearer tokens by TokenReview with the service that a kubeconfig names (`--authentication-token-webhook-config-file`).
 *
 * Source: apiserver `plugin/pkg/authenticator/token/webhook/webhook.go` New.
 *
 * @throws {ConfigurationError} if the kubeconfig, a file it names, or an option is invalid.
 * @example
 * const tokens = webhookAuthenticatorAt('/etc/kube-authn/authn-webhook.kubeconfig', { version: 'v1beta1' })
 */
export function webhookAuthenticatorAt(
  path: string,
  options: WebhookAuthenticatorAtOptions = {},
): TokenAuthenticator & Closeable {
  refuseProblems(aPath(path, 'path'), optionProblems(webhookAuthenticatorAtShape, options))
  return overKubeconfig(path, options, webhookAuthenticator)
}

/** Options of {@link webhookAuthorizerAt}. The reload options apply to the files that the kubeconfig names. */
export type WebhookAuthorizerAtOptions = Omit<WebhookAuthorizerOptions, 'url' | 'fetch' | 'redact'> &
  Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  ReloadOptions

export const webhookAuthorizerAtShape: OptionsShape<WebhookAuthorizerAtOptions> = {
  ...reloadShape,
  ...without(webhookAuthorizerShape, 'url', 'fetch', 'redact'),
  context: aString,
  allowMissingUser: aBoolean,
}

/**
 * Authorizes by SubjectAccessReview with the service that a kubeconfig names (`--authorization-webhook-config-file`).
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go` New.
 *
 * @throws {ConfigurationError} if the kubeconfig, a file it names, or an option is invalid.
 * @example
 * const authorizer = webhookAuthorizerAt('/etc/kube-authn/authz-webhook.kubeconfig')
 */
export function webhookAuthorizerAt(
  path: string,
  options: WebhookAuthorizerAtOptions = {},
): Authorizer & Closeable {
  refuseProblems(aPath(path, 'path'), optionProblems(webhookAuthorizerAtShape, options))
  return overKubeconfig(path, options, webhookAuthorizer)
}

interface ReachedWebhook {
  readonly url: string
  readonly fetch: WebhookFetch
  readonly redact: () => readonly string[]
}

/**
 * Creates a client of an endpoint's server with `make`. Closing it closes its connections.
 *
 * @throws {ConfigurationError} if the endpoint or an option is invalid; any error of `make`.
 */
function overEndpoint<T extends object>(
  endpoint: Endpoint,
  options: Omit<CreateFetchOptions, 'allowInsecureHttp'>,
  make: (webhook: ReachedWebhook) => T,
): T & Closeable {
  const { timeoutSeconds, maxBytes } = options
  const fetch = endpointFetch(endpoint, {
    ...reloadOf(options),
    ...defined({ timeoutSeconds, maxBytes }),
  })
  const made = orElse(fetch.close, () => make({ url: endpoint.server, fetch, redact: fetch.secrets }))
  return closeable({ ...made }, fetch.close)
}

type KubeconfigWebhookOptions = Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  Omit<CreateFetchOptions, 'allowInsecureHttp'>

/** The options that are not those of the webhook itself. */
type OfKubeconfig = 'context' | 'allowMissingUser' | 'observer' | (typeof RELOAD_OPTIONS)[number]

/**
 * {@link overEndpoint} for the server that a kubeconfig names.
 *
 * @throws {ConfigurationError} if the kubeconfig, a file it names, or an option is invalid; any error of `make`.
 */
function overKubeconfig<O extends KubeconfigWebhookOptions, T extends object>(
  path: string,
  options: O,
  make: (webhook: Omit<O, OfKubeconfig> & ReachedWebhook) => T,
): T & Closeable {
  const { context, allowMissingUser } = options
  const endpoint = readKubeconfig(path, defined({ context, allowMissingUser }))
  const ofWebhook = without(options, 'context', 'allowMissingUser', 'observer', ...RELOAD_OPTIONS)
  return overEndpoint(endpoint, options, (reached) => make({ ...ofWebhook, ...reached }))
}

/**
 * Creates the authorizer of a webhook in an AuthorizationConfiguration.
 *
 * Deviation: kube-apiserver does not support `InClusterConfig` (`docs/deviations.md`, authorization configuration).
 *
 * @throws {ConfigurationError} if its endpoint cannot be used.
 */
export function configuredWebhook(
  webhook: WebhookConfiguration,
  name: string,
  files: ReloadOptions & { readonly clock?: Clock },
): ConfiguredWebhook {
  const options = configuredWebhookOptions(webhook)
  const { timeoutSeconds } = options
  const { clock } = files
  return overEndpoint(endpointOfWebhook(webhook), { ...files, timeoutSeconds }, (reached) =>
    webhookAuthorizer({ ...options, name, ...defined({ clock }), ...reached }),
  )
}

/**
 * The endpoint of a webhook: the server of its kubeconfig, or the API of the cluster that this pod runs in.
 *
 * @throws {ConfigurationError} if it cannot be used.
 */
export function endpointOfWebhook(
  { connectionInfo, subjectAccessReviewVersion }: WebhookConfiguration,
  ofCluster: () => Endpoint = inClusterEndpoint,
): Endpoint {
  const { kubeConfigFile } = connectionInfo
  if (kubeConfigFile !== undefined) return readKubeconfig(kubeConfigFile)
  const endpoint = ofCluster()
  const path = `/apis/authorization.k8s.io/${subjectAccessReviewVersion}/subjectaccessreviews`
  return { ...endpoint, server: apiUrl(endpoint, path) }
}
