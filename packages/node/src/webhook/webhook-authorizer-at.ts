import type { Authorizer } from '@kube-authn/core/authorization'
import { webhookAuthorizer, type WebhookAuthorizerOptions } from '@kube-authn/core/authorization-webhook'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { readKubeconfig, type ReadKubeconfigOptions } from '../kubeconfig/kubeconfig.ts'
import { overEndpoint } from './over-endpoint.ts'

/** Options of {@link webhookAuthorizerAt}. Those of reloading are about the files that the kubeconfig names. */
export type WebhookAuthorizerAtOptions = Omit<WebhookAuthorizerOptions, 'url' | 'fetch' | 'secrets'> &
  Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  ReloadOptions

/**
 * Asks the service that a kubeconfig names by SubjectAccessReview (`--authorization-webhook-config-file`).
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go` New.
 *
 * @throws {ConfigurationError} when the kubeconfig, a file it names, or an option cannot be used.
 * @example
 * const authorizer = webhookAuthorizerAt('/etc/kube-authn/authz-webhook.kubeconfig')
 */
export function webhookAuthorizerAt(
  path: string,
  options: WebhookAuthorizerAtOptions = {},
): Authorizer & { readonly close: () => void } {
  const endpoint = readKubeconfig(path, options)
  return overEndpoint(endpoint, options, (webhook) => webhookAuthorizer({ ...options, ...webhook }))
}
