import {
  audienceAgnostic,
  type Clock,
  type ConfigurationProblem,
  type Observer,
  type TokenAuthenticator,
} from '@kube-authn/core'
import { bootstrapToken } from '@kube-authn/core/bootstrap-token'
import type { AuthenticationConfiguration } from '@kube-authn/core/configuration'
import { legacyServiceAccountToken, serviceAccountToken } from '@kube-authn/core/service-account'
import { type CachedMember, cachedUnion, webhookCache } from '@kube-authn/core/remote'
import { authenticationConfigurationAt } from '../at/authentication-configuration-at.ts'
import { oidcAt } from '../at/oidc-at.ts'
import type { Opener } from './opener.ts'
import { tokenFileAt } from '../at/token-file-at.ts'
import type { ServiceAccountsOptions, TokenOptions } from './token-options.ts'
import { webhookAuthenticatorAt } from '../webhook/webhook-authenticator-at.ts'
import { withoutPath, withPath } from '../options/file-option.ts'

/** What the token authenticators share. */
export interface TokenSurroundings {
  readonly opener: Opener
  readonly audiences: readonly string[] | undefined
  readonly shared: { readonly observer?: Observer; readonly clock?: Clock }
  /** Authenticators of Keystone tokens, with their own cache. */
  readonly keystone: readonly TokenAuthenticator[]
}

/** Token authenticators in kube-apiserver's order. */
export interface OrderedTokens {
  readonly tokens: readonly TokenAuthenticator[]
  /** The configuration of the file, if there is a usable one. */
  readonly configuration: AuthenticationConfiguration | undefined
  readonly problems: readonly ConfigurationProblem[]
  /** Why tokens of some issuers cannot be verified yet. */
  readonly health: () => readonly string[]
}

/**
 * Creates the token authenticators in kube-apiserver's order: those without network access first.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`.
 */
export function tokenAuthenticators(options: TokenOptions, surroundings: TokenSurroundings): OrderedTokens {
  const { serviceAccounts, bootstrapTokens, oidc, tokens = [], tokenCache = {} } = options
  const { opener, audiences, shared, keystone } = surroundings
  const tokenFile = withPath(options.tokenFile, shared)
  const configFile = withPath(options.authenticationConfig, shared)
  const webhook = withPath(options.tokenReview, {
    ...shared,
    ...(audiences !== undefined && audiences.length > 0 && { implicitAudiences: audiences }),
  })
  const disallowedIssuers = serviceAccounts?.issuers ?? []
  const isExcluded = configFile !== undefined && oidc !== undefined

  const ofFile =
    tokenFile && opener.openFile('tokenFile', () => tokenFileAt(tokenFile.path, withoutPath(tokenFile)))
  const ofAccounts = serviceAccounts === undefined ? [] : serviceAccountTokens(serviceAccounts, surroundings)
  const bootstrap = bootstrapTokens && bootstrapToken({ secrets: bootstrapTokens, ...clockOf(shared) })
  const configured =
    configFile &&
    opener.openFile('authenticationConfig', () =>
      authenticationConfigurationAt(configFile.path, { ...withoutPath(configFile), disallowedIssuers }),
    )
  const ofIssuer =
    isExcluded || oidc === undefined
      ? undefined
      : opener.open('oidc', () => oidcAt(oidc, { ...shared, disallowedIssuers }))
  // Cached by the webhook's own rules, so not by the cache in front of the others.
  const reviewed =
    webhook &&
    opener.openFile('tokenReview', () =>
      webhookAuthenticatorAt(webhook.path, { ...withoutPath(webhook), ttlSeconds: 0 }),
    )
  const known = [...ofAccounts, bootstrap, configured, ofIssuer].filter((each) => each !== undefined)
  const remembered = (authenticator: TokenAuthenticator): CachedMember => ({
    authenticator,
    cache: tokenCache === false ? false : { ...clockOf(shared), ...tokenCache },
  })
  const asked = (authenticator: TokenAuthenticator): CachedMember => ({ authenticator, cache: false })
  return {
    tokens: behindOneCache(
      [
        // It is in memory and may be reloaded at any time; a cache would only delay that.
        // Deviation: kube-apiserver has one cache in front of all (`docs/deviations.md`, token file in the cache).
        ...(ofFile === undefined ? [] : [asked(ofFile)]),
        ...known.map(remembered),
        ...keystone.map(asked),
        ...tokens.map(remembered),
        ...(reviewed === undefined ? [] : [{ authenticator: reviewed, cache: webhookCache(webhook ?? {}) }]),
      ],
      audiences,
    ),
    configuration: configured?.configuration,
    problems: isExcluded
      ? [
          {
            path: 'oidc',
            message: 'cannot be set together with authenticationConfig: configure the issuer in that file',
          },
        ]
      : [],
    health: () => [...(configured?.health() ?? []), ...(ofIssuer?.health() ?? [])],
  }
}

/** Combines them into one authenticator. Audiences are handled here: the chain cannot see which of several authenticators ignore audiences. */
function behindOneCache(
  members: readonly CachedMember[],
  audiences: readonly string[] | undefined,
): readonly TokenAuthenticator[] {
  if (members.length === 0) return []
  if (members.length === 1 || audiences === undefined) return [cachedUnion(members)]
  const aware = members.map(({ authenticator, cache }) => ({
    authenticator: authenticator.audienceAware ? authenticator : audienceAgnostic(audiences, authenticator),
    cache,
  }))
  return [{ ...cachedUnion(aware), audienceAware: true }]
}

function serviceAccountTokens(
  { issuers, keys, objects, lookup = true, onError, clock }: ServiceAccountsOptions,
  { opener, audiences = issuers, shared }: TokenSurroundings,
): readonly TokenAuthenticator[] {
  const common = { keys, audiences, ...clockOf(shared), ...clockOf(clock === undefined ? {} : { clock }) }
  const made = opener.attempt('serviceAccounts', () => {
    // First the one that validates its issuers, so that each problem is reported once.
    const bound = serviceAccountToken({ ...common, issuers, objects })
    const legacy = legacyServiceAccountToken({
      ...common,
      objects: lookup ? objects : false,
      ...(onError !== undefined && { onError }),
    })
    return [legacy, bound]
  })
  return made ?? []
}

function clockOf({ clock }: TokenSurroundings['shared']): { readonly clock?: Clock } {
  return clock === undefined ? {} : { clock }
}
