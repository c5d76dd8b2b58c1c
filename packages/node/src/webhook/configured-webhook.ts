import { defined } from '@kube-authn/core/internal'
import type { Clock } from '@kube-authn/core'
import {
  type ConfiguredWebhook,
  configuredWebhookOptions,
  type WebhookConfiguration,
} from '@kube-authn/core/authorization'
import { webhookAuthorizer } from '@kube-authn/core/remote'
import { apiUrl, inClusterEndpoint } from '../delegation/cluster-endpoint.ts'
import type { Endpoint } from '../http/endpoint.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { readKubeconfig } from '../kubeconfig/kubeconfig.ts'
import { overEndpoint } from './webhooks-at.ts'

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
