import {
  type Authorizer,
  type WebhookAuthorizerOptions,
  webhookAuthorizerShape,
} from '@kube-authn/core/authorization'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import { aString, optionProblems, refuseProblems, without } from '@kube-authn/core/internal'
import { webhookAuthorizer } from '@kube-authn/core/remote'
import { aPath } from '../options/file-option.ts'
import { reloadShape } from '../options/reload-options.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import type { ReadKubeconfigOptions } from '../kubeconfig/kubeconfig.ts'
import { overKubeconfig } from './over-endpoint.ts'
import type { Closeable } from '../options/closeable.ts'

/** Options of {@link webhookAuthorizerAt}. The reload options apply to the files that the kubeconfig names. */
export type WebhookAuthorizerAtOptions = Omit<WebhookAuthorizerOptions, 'url' | 'fetch' | 'redact'> &
  Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  ReloadOptions

/** The checks of {@link WebhookAuthorizerAtOptions}. */
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
  return overKubeconfig(path, options, (webhook, ofWebhook) =>
    webhookAuthorizer({ ...ofWebhook, ...webhook }),
  )
}
