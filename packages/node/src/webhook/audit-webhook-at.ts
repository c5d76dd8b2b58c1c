import { type AuditWebhook, auditWebhook, type AuditWebhookOptions } from '@kube-authn/audit'
import { auditWebhookShape } from '@kube-authn/audit/internal'
import { defined, aString, optionProblems, refuseProblems, without } from '@kube-authn/core/internal'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import { warnOnce } from '../audit-file/audit-file.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { endpointFetch } from '../http/endpoint-client.ts'
import { readKubeconfig, type ReadKubeconfigOptions } from '../kubeconfig/kubeconfig.ts'
import { closeable, orElse } from '../options/closeable.ts'
import { aPath } from '../options/file-option.ts'
import { RELOAD_OPTIONS, reloadOf, reloadShape } from '../options/reload-options.ts'

/** Options of {@link auditWebhookAt}. The reload options apply to the files that the kubeconfig names. */
export type AuditWebhookAtOptions = Omit<AuditWebhookOptions, 'url' | 'fetch' | 'redact'> &
  Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  ReloadOptions

const shape: OptionsShape<AuditWebhookAtOptions> = {
  ...reloadShape,
  ...without(auditWebhookShape, 'url', 'fetch', 'redact'),
  context: aString,
  allowMissingUser: aBoolean,
}

/**
 * Sends audit events to the service that a kubeconfig names (`--audit-webhook-config-file`). Closing it sends the remaining events.
 *
 * Source: apiserver `plugin/pkg/audit/webhook/webhook.go` NewBackend.
 *
 * @throws {ConfigurationError} if the kubeconfig, a file it names, or an option is invalid.
 * @example
 * const webhook = auditWebhookAt('/etc/my-app/audit-webhook.kubeconfig')
 * const observer = auditLog({ write: webhook.write, policy: auditPolicyAt('/etc/my-app/audit-policy.yaml') })
 */
export function auditWebhookAt(
  path: string,
  options: AuditWebhookAtOptions = {},
): AuditWebhook & AsyncDisposable {
  refuseProblems(aPath(path, 'path'), optionProblems(shape, options))
  const { context, allowMissingUser, allowInsecureHttp = false, timeoutSeconds } = options
  const endpoint = readKubeconfig(path, { allowInsecureHttp, ...defined({ context, allowMissingUser }) })
  const fetch = endpointFetch(endpoint, {
    ...reloadOf(options),
    allowInsecureHttp,
    ...defined({ timeoutSeconds }),
  })
  const webhook = orElse(fetch.close, () =>
    auditWebhook({
      onError: warnOnce(({ message }) => `${path}: ${message}`),
      ...without(options, 'context', 'allowMissingUser', ...RELOAD_OPTIONS),
      url: endpoint.server,
      fetch,
      redact: fetch.secrets,
    }),
  )
  return closeable({ write: webhook.write }, async () => {
    await webhook.close()
    fetch.close()
  })
}
