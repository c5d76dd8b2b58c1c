import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '../../authenticator/kubernetes-version.ts'
import { messageOf } from '../../internal/thrown.ts'
import { alwaysAllow, alwaysDeny } from '../always.ts'
import type { Authorizer, RuleResolver } from '../authorizer.ts'
import { noOpinion } from '../decision.ts'
import { MASTERS_GROUP, privilegedGroups } from '../privileged-groups.ts'
import { rulesOf } from '../rules-of.ts'
import { type Member, namedUnion } from '../union-authorizer.ts'
import type { WebhookAuthorizerOptions } from '../webhook/webhook-authorizer.ts'
import {
  ConfigurationError,
  type ConfigurationProblem,
  isConfigurationError,
} from '../../authenticator/errors.ts'
import { fieldPath } from '../../internal/field/path.ts'
import type { AuthorizerConfiguration, WebhookConfiguration } from './config.ts'
import { withMatchConditions } from './match-conditions.ts'
import type { ValidatedAuthorizationConfiguration } from './validate.ts'

/** An authorizer that may have connections to close. */
export type ConfiguredWebhook = Authorizer & { readonly close?: () => void }

/** The parts that a chain is built from. */
export interface ChainParts {
  /** The authorizer for type RBAC. */
  readonly rbac?: Authorizer
  /**
   * Creates the authorizer of a webhook, with its connection. Its name and match conditions are added by the chain. If it throws, the
   * configuration is refused. Default: none, and a configuration with a webhook is refused.
   */
  readonly webhookFor?: (webhook: WebhookConfiguration, name: string) => ConfiguredWebhook
  /** The release whose reasons are given. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
}

/** The authorizers of one version of a configuration, as one authorizer. */
export interface Chain extends Authorizer, RuleResolver {
  close(): void
}

/**
 * Creates the authorizers of a configuration. Members of `system:masters` may do everything; for other users the authorizers are asked in
 * order.
 *
 * Source: kubernetes `pkg/kubeapiserver/authorizer/reload.go` (`newForConfig`).
 *
 * @throws {ConfigurationError} when an authorizer cannot be created.
 */
export function chainOf(validated: ValidatedAuthorizationConfiguration, parts: ChainParts): Chain {
  const { configuration, matchConditions } = validated
  const problems: ConfigurationProblem[] = []
  const opened: ConfiguredWebhook[] = []
  const members = configuration.authorizers.flatMap((configured, index): readonly Member[] => {
    const path = fieldPath('authorizers').index(index)
    try {
      const authorizer = authorizerOf(configured, parts)
      const { webhook, name } = configured
      if (webhook === undefined) return [{ authorizer, name }]
      opened.push(authorizer)
      const conditions = matchConditions[index] ?? []
      const { failurePolicy } = configuredWebhookOptions(webhook)
      const conditioned = withMatchConditions(named(authorizer, configured), { conditions, failurePolicy })
      return [{ authorizer: conditioned, name }]
    } catch (error) {
      problems.push(...problemsAt(String(path), error))
      return []
    }
  })
  const close = (): void => {
    for (const each of opened) each.close?.()
  }
  if (problems.length > 0) {
    close()
    throw new ConfigurationError(problems)
  }
  const { kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = parts
  // The first has no reasons.
  const first = { authorizer: privilegedGroups(MASTERS_GROUP) }
  return { ...namedUnion([first, ...members], kubernetesVersion), close }
}

/** Converts a configured webhook to options of `webhookAuthorizer`. */
export function configuredWebhookOptions(
  webhook: WebhookConfiguration,
): Required<
  Pick<
    WebhookAuthorizerOptions,
    'version' | 'allowedTtlSeconds' | 'deniedTtlSeconds' | 'timeoutSeconds' | 'failurePolicy'
  >
> {
  return {
    version: webhook.subjectAccessReviewVersion === 'v1' ? 'v1' : 'v1beta1',
    allowedTtlSeconds: webhook.cacheAuthorizedRequests ? webhook.authorizedTtlSeconds : 0,
    deniedTtlSeconds: webhook.cacheUnauthorizedRequests ? webhook.unauthorizedTtlSeconds : 0,
    timeoutSeconds: webhook.timeoutSeconds,
    failurePolicy: webhook.failurePolicy === 'Deny' ? 'deny' : 'noOpinion',
  }
}

function authorizerOf(configured: AuthorizerConfiguration, parts: ChainParts): ConfiguredWebhook {
  const { type, name, webhook } = configured
  if (webhook !== undefined) {
    if (parts.webhookFor === undefined) {
      throw new Error('type Webhook needs the option webhookFor, which creates the authorizer')
    }
    return parts.webhookFor(webhook, name)
  }
  if (type === 'AlwaysAllow') return named(alwaysAllow(), configured)
  if (type === 'AlwaysDeny') return named(alwaysDeny(), configured)
  if (parts.rbac !== undefined) return named(parts.rbac, configured)
  throw new Error(`authorizer type ${type} is not allowed if it was not enabled at initial server startup`)
}

/** The same authorizer with the configured name and type. */
function named(authorizer: Authorizer, { name, type }: AuthorizerConfiguration): Authorizer & RuleResolver {
  // As in Kubernetes, the error for a webhook that cannot list rules does not contain its configured name.
  const lister = type === 'Webhook' && !('rulesFor' in authorizer) ? WEBHOOK : authorizer
  return {
    name,
    type,
    authorize: (attributes, context) => authorizer.authorize(attributes, context),
    rulesFor: (user, namespace) => rulesOf(lister, user, namespace),
  }
}

const WEBHOOK: Authorizer = { name: 'webhook', authorize: () => noOpinion() }

function problemsAt(path: string, error: unknown): readonly ConfigurationProblem[] {
  if (!isConfigurationError(error)) {
    return [{ path, message: messageOf(error, 'cannot be used') }]
  }
  return error.problems.map((problem) => ({ path, message: `${problem.path}: ${problem.message}` }))
}
