import type { TokenAuthenticator } from '@kube-authn/core'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import { aString, optionProblems, refuseProblems, without } from '@kube-authn/core/internal'
import {
  webhookAuthenticator,
  type WebhookAuthenticatorOptions,
  webhookAuthenticatorShape,
} from '@kube-authn/core/remote'
import { aPath } from '../options/file-option.ts'
import { reloadShape } from '../options/reload-options.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import type { ReadKubeconfigOptions } from '../kubeconfig/kubeconfig.ts'
import { overKubeconfig } from './over-endpoint.ts'
import type { Closeable } from '../options/closeable.ts'

/** Options of {@link webhookAuthenticatorAt}. The reload options apply to the files that the kubeconfig names. */
export type WebhookAuthenticatorAtOptions = Omit<WebhookAuthenticatorOptions, 'url' | 'fetch' | 'redact'> &
  Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  ReloadOptions

/** The checks of {@link WebhookAuthenticatorAtOptions}. */
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
  return overKubeconfig(path, options, (webhook, ofWebhook) =>
    webhookAuthenticator({ ...ofWebhook, ...webhook }),
  )
}
