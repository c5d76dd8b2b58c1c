import type { TokenAuthenticator } from '@kube-authn/core'
import { webhookAuthenticator, type WebhookAuthenticatorOptions } from '@kube-authn/core/webhook'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { readKubeconfig, type ReadKubeconfigOptions } from '../kubeconfig/kubeconfig.ts'
import { overEndpoint } from './over-endpoint.ts'

/** Options of {@link webhookAuthenticatorAt}. Those of reloading are about the files that the kubeconfig names. */
export type WebhookAuthenticatorAtOptions = Omit<WebhookAuthenticatorOptions, 'url' | 'fetch' | 'secrets'> &
  Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  ReloadOptions

/**
 * Asks the service that a kubeconfig names by TokenReview who a bearer token belongs to
 * (`--authentication-token-webhook-config-file`).
 *
 * Source: apiserver `plugin/pkg/authenticator/token/webhook/webhook.go` New.
 *
 * @throws {ConfigurationError} when the kubeconfig, a file it names, or an option cannot be used.
 * @example
 * const tokens = webhookAuthenticatorAt('/etc/kube-authn/authn-webhook.kubeconfig', { version: 'v1beta1' })
 */
export function webhookAuthenticatorAt(
  path: string,
  options: WebhookAuthenticatorAtOptions = {},
): TokenAuthenticator & { readonly close: () => void } {
  const endpoint = readKubeconfig(path, options)
  return overEndpoint(endpoint, options, (webhook) => webhookAuthenticator({ ...options, ...webhook }))
}
