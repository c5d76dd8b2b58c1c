import type { Authorizer } from '@kube-authn/core/authorization'
import { webhookAuthorizer, type WebhookAuthorizerOptions } from '@kube-authn/core/authorization-webhook'
import type { ReloadOptions } from './file-source/reloading-source.ts'
import { endpointFetch } from './http/endpoint-fetch.ts'
import { readKubeconfig, type ReadKubeconfigOptions } from './kubeconfig/kubeconfig.ts'

/** Options of {@link webhookAuthorizerAt}. Those of reloading are about the files that the kubeconfig names. */
export type WebhookAuthorizerAtOptions = Omit<WebhookAuthorizerOptions, 'url' | 'fetch'> &
  Pick<ReadKubeconfigOptions, 'context'> &
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
  const { context, reload, settleSeconds, pollSeconds, observer, ...webhook } = options
  const endpoint = readKubeconfig(path, context === undefined ? {} : { context })
  const { timeoutSeconds, maxResponseBytes, clock } = webhook
  const fetch = endpointFetch(endpoint, {
    ...(reload !== undefined && { reload }),
    ...(settleSeconds !== undefined && { settleSeconds }),
    ...(pollSeconds !== undefined && { pollSeconds }),
    ...(observer !== undefined && { observer }),
    ...(clock !== undefined && { clock }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(maxResponseBytes !== undefined && { maxResponseBytes }),
  })
  try {
    return { ...webhookAuthorizer({ ...webhook, url: endpoint.server, fetch }), close: fetch.close }
  } catch (error) {
    fetch.close()
    throw error
  }
}
