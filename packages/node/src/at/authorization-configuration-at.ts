import type { AuthenticationEvent, Observer } from '@kube-authn/core'
import { checkOptions, notify, type OptionsShape } from '@kube-authn/core/adapter'
import {
  authorizationConfiguration,
  type AuthorizationConfigurationOptions,
  authorizationConfigurationShape,
  type ConfiguredAuthorizer,
} from '@kube-authn/core/authorization'
import { defined, without } from '@kube-authn/core/internal'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { watchedText } from '../file-source/file-source.ts'
import { kubeConfigFileProblem } from '../kubeconfig/kubeconfig.ts'
import { RELOAD_OPTIONS, reloadOf, reloadShape } from '../options/reload-options.ts'
import { configuredWebhook } from '../webhook/webhooks-at.ts'
import { closeable, type Closeable, orElse } from '../options/closeable.ts'

/** Options of {@link authorizationConfigurationAt}. */
export interface AuthorizationConfigurationAtOptions
  extends
    ReloadOptions,
    Omit<AuthorizationConfigurationOptions, 'source' | 'webhookFor' | 'kubeConfigFileProblem'> {}

export const authorizationConfigurationAtShape: OptionsShape<AuthorizationConfigurationAtOptions> = {
  ...reloadShape,
  ...without(authorizationConfigurationShape, 'source', 'webhookFor', 'kubeConfigFileProblem'),
}

/**
 * Authorizes as an unmodified file of `--authorization-config` describes, and reloads it: a new version takes effect if it is valid and has the same
 * authorizer types, webhooks excepted. Its kubeconfigs are read with it; the files that a kubeconfig names are reloaded whenever they change.
 *
 * Source: kubernetes `pkg/kubeapiserver/authorizer/{config,reload}.go`; KEP-3221.
 *
 * @throws {ConfigurationError} with every problem, in Kubernetes' words; any error of reading the file.
 * @example
 * const authorizer = authorizationConfigurationAt('/etc/kubernetes/authorization.yaml', { rbac: rbacAt('/etc/my-app/roles/') })
 */
export function authorizationConfigurationAt(
  path: string,
  options: AuthorizationConfigurationAtOptions = {},
): Omit<ConfiguredAuthorizer, 'update' | 'close'> & Closeable {
  checkOptions(authorizationConfigurationAtShape, options)
  let update = (_text: string): void => {}
  const file = watchedText(path, {
    ...reloadOf(options),
    observer: (event) => tellUnreadable(options.observer, event),
    onChange: (text) => update(text),
  })
  const configured = orElse(file.close, () =>
    authorizationConfiguration(file.current(), {
      ...without(options, ...RELOAD_OPTIONS),
      source: path,
      kubeConfigFileProblem,
      webhookFor: (webhook, name) => configuredWebhook(webhook, name, reloadOf(options)),
    }),
  )
  update = (text) => void configured.update(text)
  const authorizer = {
    name: configured.name,
    get configuration() {
      return configured.configuration
    },
    authorize: (attributes, context) => configured.authorize(attributes, context),
    rulesFor: (user, namespace) => configured.rulesFor(user, namespace),
  } satisfies Omit<ConfiguredAuthorizer, 'update' | 'close'>
  return closeable(authorizer, () => {
    file.close()
    configured.close()
  })
}

/** Reports an unreadable file as an unusable configuration. */
function tellUnreadable(observer: Observer | undefined, event: AuthenticationEvent): void {
  notify(observer, event)
  if (event.type !== 'reload') return
  const { source, error } = event
  notify(observer, { type: 'authorizationConfigReload', source, outcome: 'failed', ...defined({ error }) })
}
