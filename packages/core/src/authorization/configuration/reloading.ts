import type { Authorizer, RuleResolver } from '../authorizer.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { type AuthorizationConfigReloadEvent, notify, type Observer } from '../../authenticator/events.ts'
import {
  aClock,
  aFunction,
  anAuthorizer,
  aString,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import { type Chain, chainOf, type ChainParts } from './chain.ts'
import type { AuthorizationConfiguration } from './config.ts'
import { parseAuthorizationConfiguration } from './parse.ts'
import { type ValidateAuthorizationConfigurationOptions, validationShape } from './validate.ts'

/** Options of {@link authorizationConfiguration}. */
export interface AuthorizationConfigurationOptions
  extends ChainParts, ValidateAuthorizationConfigurationOptions {
  /** What the configuration is called in errors and events, usually a path. Default `authorization configuration`. */
  readonly source?: string
  /** Told of versions that count, and of those that are refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link AuthorizationConfigurationOptions}, for packages whose options have more. */
export const authorizationConfigurationShape: OptionsShape<AuthorizationConfigurationOptions> = {
  ...validationShape,
  rbac: anAuthorizer,
  webhookFor: aFunction,
  source: aString,
  observer: aFunction,
  clock: aClock,
}

/** What came of an update. What is `refused` stays refused. */
export type AuthorizationConfigurationUpdate = 'unchanged' | 'updated' | 'refused'

/** Decides as a configuration says that can be replaced at any time. */
export interface ConfiguredAuthorizer extends Authorizer, RuleResolver {
  /** The version that counts. */
  readonly configuration: AuthorizationConfiguration
  /** Takes a new version, which counts at once when it can be used; otherwise the old one does. Never throws. */
  update(text: string): AuthorizationConfigurationUpdate
  /** Ends the connections of its webhooks, and takes no more updates. */
  close(): void
}

/** How long questions under way may still need what was replaced. */
const DRAIN_MS = 60_000

/**
 * Decides as an `AuthorizationConfiguration` says (`--authorization-config`), and takes new versions of it while it works.
 *
 * The same text again is no update, nor is one that was refused or says the same. A new version must have every type of the first one but
 * Webhook, and has RBAC only where the first one has it.
 *
 * Source: kubernetes `pkg/kubeapiserver/authorizer/{config,reload}.go`; KEP-3221.
 *
 * @throws {ConfigurationError} with everything that is wrong with the first version.
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
  const { rbac, webhookFor, compiler, kubeConfigFileProblem } = options
  const validation = {
    ...(compiler !== undefined && { compiler }),
    ...(kubeConfigFileProblem !== undefined && { kubeConfigFileProblem }),
  }
  const first = parseAuthorizationConfiguration(text, source, validation)
  requireUse(first.configuration, rbac)
  const parts: ChainParts = {
    ...(rbac !== undefined && { rbac }),
    ...(webhookFor !== undefined && { webhookFor }),
  }
  const required = fixedTypes(first.configuration)

  let current: Version = { configuration: first.configuration, chain: chainOf(first, parts) }
  let seen = text
  let understood = JSON.stringify(first.configuration)
  const draining = new Set<() => void>()
  let isClosed = false
  notify(observer, { type: 'authorizationConfigReload', source, outcome: 'initial', content: text })

  const replace = (next: Version): void => {
    const { chain } = current
    current = next
    const end = (): void => {
      cancel()
      draining.delete(end)
      chain.close()
    }
    const cancel = clock.after(DRAIN_MS, end)
    draining.add(end)
  }

  const take = (content: string): AuthorizationConfigurationUpdate => {
    const validated = parseAuthorizationConfiguration(content, source, validation)
    const { configuration } = validated
    requireTypes(configuration, required)
    const meaning = JSON.stringify(configuration)
    if (meaning === understood) return 'unchanged'
    replace({ configuration, chain: chainOf(validated, parts) })
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
        const error = thrown instanceof Error ? thrown : new Error('it cannot be used', { cause: thrown })
        tellReload(observer, { source, outcome: 'failed', content, error })
        return 'refused'
      }
    },
    close() {
      isClosed = true
      for (const end of draining) end()
      current.chain.close()
    },
  }
}

interface Version {
  readonly configuration: AuthorizationConfiguration
  readonly chain: Chain
}

/** Told as every reload is, and as that of this configuration, for its metrics. */
function tellReload(
  observer: Observer | undefined,
  reload: Omit<AuthorizationConfigReloadEvent, 'type' | 'outcome'> & {
    readonly outcome: 'loaded' | 'failed'
  },
): void {
  notify(observer, { ...reload, type: 'reload' })
  notify(observer, { ...reload, type: 'authorizationConfigReload' })
}

/** The types that later versions must have as well. */
function fixedTypes({ authorizers }: AuthorizationConfiguration): readonly string[] {
  return [...new Set(authorizers.map(({ type }) => type))].filter((type) => type !== 'Webhook').toSorted()
}

/** What RBAC is made of must be there where it is in the file, and is not ignored where it is not. */
function requireUse({ authorizers }: AuthorizationConfiguration, rbac: Authorizer | undefined): void {
  const index = authorizers.findIndex(({ type }) => type === 'RBAC')
  if (index === -1 && rbac !== undefined) {
    throw new ConfigurationError([
      { path: 'rbac', message: 'means nothing without an authorizer of the type RBAC' },
    ])
  }
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
