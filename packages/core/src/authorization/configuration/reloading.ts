import { errorOf } from '../../internal/thrown.ts'
import type { Authorizer, RuleResolver } from '../authorizer.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { Draining } from '../../internal/shared-work.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import type { AuthorizationConfigReloadEvent, Observer } from '../../authenticator/events.ts'
import {
  aClock,
  aFunction,
  anAuthorizer,
  aString,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import { chainOf, type ChainParts } from './chain.ts'
import type { AuthorizationConfiguration } from './config.ts'
import {
  parseAuthorizationConfiguration,
  type ValidateAuthorizationConfigurationOptions,
  validationShape,
} from './validate.ts'

/** Options of {@link authorizationConfiguration}. */
export interface AuthorizationConfigurationOptions
  extends ChainParts, ValidateAuthorizationConfigurationOptions {
  /** The name of the configuration in errors and events, usually a path. Default `authorization configuration`. */
  readonly source?: string
  /** Receives an event for each version that is loaded or refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

export const authorizationConfigurationShape: OptionsShape<AuthorizationConfigurationOptions> = {
  ...validationShape,
  rbac: anAuthorizer,
  webhookFor: aFunction,
  source: aString,
  observer: aFunction,
  clock: aClock,
}

/** The result of an update. A refused text is not tried again. More may be added in a minor version; handle the rest. */
export type AuthorizationConfigurationUpdate = 'unchanged' | 'updated' | 'refused'

/** An authorizer whose configuration can be replaced at any time. */
export interface ConfiguredAuthorizer extends Authorizer, RuleResolver {
  /** The current version. */
  readonly configuration: AuthorizationConfiguration
  /** Switches to a new version at once if it is valid; otherwise keeps the old one. Never throws. */
  update(text: string): AuthorizationConfigurationUpdate
  /** Closes the connections of the webhooks, and ignores further updates. */
  close(): void
}

/**
 * Authorizes as configured by an `AuthorizationConfiguration` (`--authorization-config`), and accepts new versions of it at run time.
 *
 * An unchanged text, or one with the same meaning, changes nothing. A refused text is retried only after a different one. A new version
 * must have every type of the first one except Webhook, and may have RBAC only if the first one has it.
 *
 * Source: kubernetes `pkg/kubeapiserver/authorizer/{config,reload}.go`; KEP-3221.
 *
 * @throws {ConfigurationError} with all problems of the first version.
 * @example
 * const authorizer = authorizationConfiguration(text, { rbac: rbac(policy) })
 * authorizer.update(nextText)
 */
export function authorizationConfiguration(
  text: string,
  options: AuthorizationConfigurationOptions = {},
): ConfiguredAuthorizer {
  refuseProblems(aString(text, 'text'), optionProblems(authorizationConfigurationShape, options))
  const { source = 'authorization configuration', clock = systemClock, observer } = options
  const { rbac, webhookFor, compiler, kubeConfigFileProblem, kubernetesVersion } = options
  const validation = {
    ...(compiler !== undefined && { compiler }),
    ...(kubeConfigFileProblem !== undefined && { kubeConfigFileProblem }),
    ...(kubernetesVersion !== undefined && { kubernetesVersion }),
  }
  const first = parseAuthorizationConfiguration(text, source, validation)
  requireRoles(first.configuration, rbac)
  const parts: ChainParts = {
    ...(rbac !== undefined && { rbac }),
    ...(webhookFor !== undefined && { webhookFor }),
    ...(kubernetesVersion !== undefined && { kubernetesVersion }),
  }
  const types = new Set(first.configuration.authorizers.map(({ type }) => type))
  /** Later versions must have them too. */
  const required = [...types].filter((type) => type !== 'Webhook').toSorted()

  let current = { configuration: first.configuration, chain: chainOf(first, parts) }
  let seen = text
  let understood = JSON.stringify(first.configuration)
  const draining = new Draining(clock)
  let isClosed = false
  notify(observer, { type: 'authorizationConfigReload', source, outcome: 'initial', content: text })

  const take = (content: string): AuthorizationConfigurationUpdate => {
    const validated = parseAuthorizationConfiguration(content, source, validation)
    const { configuration } = validated
    requireTypes(configuration, required)
    const meaning = JSON.stringify(configuration)
    if (meaning === understood) return 'unchanged'
    const next = { configuration, chain: chainOf(validated, parts) }
    draining.add(current.chain)
    current = next
    understood = meaning
    tellReload(observer, { source, outcome: 'loaded', content })
    return 'updated'
  }

  return {
    name: current.chain.name,
    get configuration() {
      return current.configuration
    },
    authorize: (attributes, context) => current.chain.authorize(attributes, context),
    rulesFor: (user, namespace) => current.chain.rulesFor(user, namespace),
    update(content) {
      if (content === seen || isClosed) return 'unchanged'
      seen = content
      try {
        return take(content)
      } catch (thrown) {
        const error = errorOf(thrown, 'the configuration cannot be used')
        tellReload(observer, { source, outcome: 'failed', content, error })
        return 'refused'
      }
    },
    close() {
      isClosed = true
      draining.endAll()
      current.chain.close()
    },
  }
}

/** Emits the general `reload` event, and the specific one for the metrics of this configuration. */
function tellReload(
  observer: Observer | undefined,
  reload: Omit<AuthorizationConfigReloadEvent, 'type' | 'outcome'> & {
    readonly outcome: 'loaded' | 'failed'
  },
): void {
  notify(observer, { ...reload, type: 'reload' })
  notify(observer, { ...reload, type: 'authorizationConfigReload' })
}

/** Requires the option `rbac` if the file has the type RBAC. Without it the option waits for an update that has it. */
function requireRoles({ authorizers }: AuthorizationConfiguration, rbac: Authorizer | undefined): void {
  const index = authorizers.findIndex(({ type }) => type === 'RBAC')
  if (index === -1 || rbac !== undefined) return
  const message =
    'the type RBAC needs the manifests of roles and bindings, which a kube-apiserver has in its store: give the option rbac'
  throw new ConfigurationError([{ path: `authorizers[${index}].type`, message }])
}

function requireTypes({ authorizers }: AuthorizationConfiguration, required: readonly string[]): void {
  const missing = required.filter((type) => authorizers.every((each) => each.type !== type))
  if (missing.length === 0) return
  throw new ConfigurationError([
    { path: 'authorizers', message: `missing required types: [${missing.join(' ')}]` },
  ])
}
