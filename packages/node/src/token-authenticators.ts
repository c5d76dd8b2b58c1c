import type { Clock, ConfigurationProblem, Observer, TokenAuthenticator } from '@kube-authn/core'
import { bootstrapToken, type BootstrapSecretGetter } from '@kube-authn/core/bootstrap-token'
import type { AuthenticationConfiguration } from '@kube-authn/core/configuration'
import {
  aBoolean,
  aClock,
  aFunction,
  aNonEmptyString,
  aString,
  aTokenAuthenticator,
  either,
  listOf,
  nested,
  nonEmptyListOf,
  type OptionsShape,
  required,
  withMethods,
} from '@kube-authn/core/options'
import { type OidcFlags, oidcFlagsShape, type TokenKindOptions, tokenKindShape } from '@kube-authn/core/oidc'
import {
  aKeySource,
  type KeySource,
  legacyServiceAccountToken,
  type LegacyTokenObjects,
  type ServiceAccountObjects,
  serviceAccountToken,
} from '@kube-authn/core/service-account'
import { cached, type CachedOptions, cachedShape } from '@kube-authn/core/token-cache'
import {
  authenticationConfigurationAt,
  type AuthenticationConfigurationAtOptions,
  authenticationConfigurationAtShape,
} from './authentication-configuration-at.ts'
import { oidcAt } from './oidc-at.ts'
import { aFile, aPath } from './options/a-path.ts'
import { fileShape } from './options/reload-shape.ts'
import type { Opener } from './opener.ts'
import { type TokenFileAtOptions, tokenFileAt } from './token-file-at.ts'
import {
  type WebhookAuthenticatorAtOptions,
  webhookAuthenticatorAt,
  webhookAuthenticatorAtShape,
} from './webhook/webhook-authenticator-at.ts'
import { withoutPath, withPath } from './with-path.ts'

/** Who knows bearer tokens, in the order in which they are asked. */
export interface TokenOptions {
  /** A CSV file of bearer tokens (`--token-auth-file`), or options with its path. */
  readonly tokenFile?: string | ({ readonly path: string } & TokenFileAtOptions)
  /** Service accounts, by tokens in secrets and by those of the TokenRequest API (`--service-account-*`). */
  readonly serviceAccounts?: ServiceAccountsOptions
  /** Where the secrets with bootstrap tokens are (`--enable-bootstrap-token-auth`). */
  readonly bootstrapTokens?: BootstrapSecretGetter
  /**
   * A file with an `AuthenticationConfiguration` (`--authentication-config`), or options with its path: the issuers of tokens, and
   * perhaps who may stay anonymous. Excludes `oidc`, and `anonymous` where the file has a section for that.
   */
  readonly authenticationConfig?: string | ({ readonly path: string } & AuthenticationConfigurationAtOptions)
  /** The one issuer of the `--oidc-*` flags, and which kinds of its tokens are a login. `caFile` is a path. */
  readonly oidc?: OidcFlags & TokenKindOptions
  /** More token authenticators, asked after all others but `tokenReview`. */
  readonly tokens?: readonly TokenAuthenticator[]
  /**
   * The kubeconfig of a service that is asked by TokenReview (`--authentication-token-webhook-config-file`), or options with its
   * path: `version` and `cacheTtlSeconds` are `--authentication-token-webhook-version` and `-cache-ttl`. It is asked last, behind a
   * cache of its own.
   */
  readonly tokenReview?: string | ({ readonly path: string } & WebhookAuthenticatorAtOptions)
  /**
   * The cache in front of each of them but the token file and the webhook. Default as kube-apiserver: 10 s for users, 0 for failures. `false`: none.
   */
  readonly tokenCache?: CachedOptions | false
}

/** Service accounts. */
export interface ServiceAccountsOptions {
  /** Who issues their tokens (`--service-account-issuer`). */
  readonly issuers: readonly string[]
  /** What tokens are verified with (`--service-account-key-file`): `verificationKeysAt` reads such files. */
  readonly keys: KeySource
  /** The objects that tokens name. With `labelSecret`, it is kept when a token in a secret was used last. */
  readonly objects: ServiceAccountObjects & LegacyTokenObjects
  /** Whether tokens in secrets are looked up (`--service-account-lookup`). Default `true`. */
  readonly lookup?: boolean
  /** Told when it could not be kept that a token in a secret was used. The token passes, and looks idle to whoever cleans up. */
  readonly onError?: (error: unknown) => void
  /** Default: that of the chain. */
  readonly clock?: Clock
}

const accountsShape: OptionsShape<ServiceAccountsOptions> = {
  issuers: required(listOf(aString)),
  keys: required(
    either(isEmptyList, nonEmptyListOf(aFunction), aKeySource),
    ': a list of keys, or current of what verificationKeysAt(...) resolves to, which has to be awaited',
  ),
  objects: required(
    withMethods('getters of objects, as serviceAccountObjects(...) makes', 'getServiceAccount', 'getSecret'),
  ),
  lookup: aBoolean,
  onError: aFunction,
  clock: aClock,
}

/** The checks of {@link TokenOptions}. */
export const tokenShape: OptionsShape<TokenOptions> = {
  tokenFile: aFile(fileShape),
  serviceAccounts: nested(accountsShape),
  bootstrapTokens: withMethods('a getter of secrets, as bootstrapSecrets(...) makes', 'getSecret'),
  authenticationConfig: aFile(authenticationConfigurationAtShape),
  oidc: nested({
    ...oidcFlagsShape,
    ...tokenKindShape,
    issuerUrl: required(aNonEmptyString),
    clientId: required(aNonEmptyString),
    caFile: aPath,
  }),
  tokens: listOf(aTokenAuthenticator),
  tokenReview: aFile(webhookAuthenticatorAtShape),
  tokenCache: either(
    (value) => value === false,
    () => [],
    nested(cachedShape),
  ),
}

/** What token authenticators have in common. */
export interface TokenSurroundings {
  readonly opener: Opener
  readonly audiences: readonly string[] | undefined
  readonly shared: { readonly observer?: Observer; readonly clock?: Clock }
  /** Who knows tokens of a Keystone. They have their cache. */
  readonly keystone: readonly TokenAuthenticator[]
}

/** Token authenticators in the order of kube-apiserver. */
export interface OrderedTokens {
  readonly tokens: readonly TokenAuthenticator[]
  /** Of the file, where there is one that can be used. */
  readonly configuration: AuthenticationConfiguration | undefined
  readonly problems: readonly ConfigurationProblem[]
  /** Why tokens of some issuers cannot be verified yet. */
  readonly health: () => readonly string[]
}

/**
 * Makes token authenticators in the order of kube-apiserver: those that need no network first.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`.
 */
export function tokenAuthenticators(options: TokenOptions, surroundings: TokenSurroundings): OrderedTokens {
  const { serviceAccounts, bootstrapTokens, oidc, tokens = [], tokenCache = {} } = options
  const { opener, audiences = [], shared, keystone } = surroundings
  const tokenFile = withPath(options.tokenFile, shared)
  const configFile = withPath(options.authenticationConfig, shared)
  const webhook = withPath(options.tokenReview, {
    ...shared,
    ...(audiences.length > 0 && { implicitAudiences: audiences }),
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
  const reviewed =
    webhook &&
    opener.openFile('tokenReview', () => webhookAuthenticatorAt(webhook.path, withoutPath(webhook)))
  const known = [...ofAccounts, bootstrap, configured, ofIssuer].filter((each) => each !== undefined)
  const remembered = (each: TokenAuthenticator): TokenAuthenticator =>
    tokenCache === false ? each : cached(each, { ...clockOf(shared), ...tokenCache })
  return {
    tokens: [
      // It is in memory and may be reloaded at any time; a cache in front of it would only delay that.
      // Deviation: kube-apiserver has one cache in front of all (`docs/deviations.md`, token file in the cache).
      ...(ofFile === undefined ? [] : [ofFile]),
      ...known.map(remembered),
      ...keystone,
      ...tokens.map(remembered),
      ...(reviewed === undefined ? [] : [reviewed]),
    ],
    configuration: configured?.configuration,
    problems: isExcluded
      ? [
          {
            path: 'oidc',
            message: 'cannot be given together with authenticationConfig: put the issuer into that file',
          },
        ]
      : [],
    health: () => [...(configured?.health() ?? []), ...(ofIssuer?.health() ?? [])],
  }
}

function serviceAccountTokens(
  { issuers, keys, objects, lookup = true, onError, clock }: ServiceAccountsOptions,
  { opener, audiences = issuers, shared }: TokenSurroundings,
): readonly TokenAuthenticator[] {
  const common = { keys, audiences, ...clockOf(shared), ...clockOf(clock === undefined ? {} : { clock }) }
  const made = opener.attempt('serviceAccounts', () => {
    // First the one that is particular about its issuers, so that each problem is told once.
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

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
