import {
  type Clock,
  type TokenAuthenticator,
  audienceAgnostic,
  type ConfigurationProblem,
  type Observer,
  type KubernetesVersion,
} from '@kube-authn/core'
import {
  aClock,
  aKubernetesVersion,
  aString,
  aTokenAuthenticator,
  type Check,
  either,
  nested,
  nonEmptyListOf,
  withMethods,
  defined,
} from '@kube-authn/core/internal'
import { aBoolean, aFunction, listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import { type BootstrapSecretGetter, bootstrapToken } from '@kube-authn/core/bootstrap-token'
import {
  type CachedOptions,
  cachedShape,
  type CachedMember,
  cachedUnion,
  webhookCache,
} from '@kube-authn/core/remote'
import {
  aKeySource,
  type KeySource,
  type LegacyTokenObjects,
  type ServiceAccountObjects,
  legacyServiceAccountToken,
  serviceAccountToken,
} from '@kube-authn/core/service-account'
import {
  type AuthenticationConfigurationAtOptions,
  authenticationConfigurationAtShape,
  authenticationConfigurationAt,
} from '../at/authentication-configuration-at.ts'
import { type OidcAtOptions, oidcAtShape, oidcAt } from '../at/oidc-at.ts'
import { aFile } from '../options/file-option.ts'
import { fileShape } from '../options/reload-options.ts'
import { type TokenFileAtOptions, tokenFileAt } from '../at/credential-files-at.ts'
import {
  type WebhookAuthenticatorAtOptions,
  webhookAuthenticatorAtShape,
  webhookAuthenticatorAt,
} from '../webhook/webhooks-at.ts'
import type { AuthenticationConfiguration } from '@kube-authn/core/configuration'
import type { Opener } from './opener.ts'

/** The token authenticators, in the order in which they are tried. */
export interface TokenOptions {
  /** A CSV file of bearer tokens (`--token-auth-file`), or options with its path. */
  readonly tokenFile?: string | ({ readonly path: string } & TokenFileAtOptions)
  /** Service accounts, by legacy tokens in secrets and by tokens of the TokenRequest API (`--service-account-*`). */
  readonly serviceAccounts?: ServiceAccountsOptions
  /** Gets the secrets with bootstrap tokens (`--enable-bootstrap-token-auth`). */
  readonly bootstrapTokens?: BootstrapSecretGetter
  /**
   * A file with an `AuthenticationConfiguration` (`--authentication-config`), or options with its path: the token issuers, and optionally anonymous
   * access. Excludes `oidc`, and `anonymous` if the file has that section.
   */
  readonly authenticationConfig?: string | ({ readonly path: string } & AuthenticationConfigurationAtOptions)
  /** One OpenID Connect provider (`--oidc-*`): `{ issuer, audience }`, and how its claims become a user. */
  readonly oidc?: OidcAtOptions
  /** Further token authenticators, tried after all others except `tokenReview`. */
  readonly tokens?: readonly TokenAuthenticator[]
  /**
   * The kubeconfig of a TokenReview webhook (`--authentication-token-webhook-config-file`), or options with its path: `version` and `ttlSeconds`
   * are `--authentication-token-webhook-version` and `-cache-ttl`. It is tried last, and cached by its own rules.
   */
  readonly tokenReview?: string | ({ readonly path: string } & WebhookAuthenticatorAtOptions)
  /**
   * How results of each of them except the token file and the webhook are cached. Default as in kube-apiserver: 10 s for users, 0 for failures.
   * `false`: no cache. Earlier authenticators are tried first, unless their `mayKnow` excludes the token.
   */
  readonly tokenCache?: CachedOptions | false
  /** The release whose expressions there are in `authenticationConfig`. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
}

/** Service accounts. */
export interface ServiceAccountsOptions {
  /** The issuers of their tokens (`--service-account-issuer`). */
  readonly issuers: readonly string[]
  /** The keys that verify tokens (`--service-account-key-file`): `verificationKeysAt` reads such files. */
  readonly keys: KeySource
  /** The objects that tokens refer to. With `labelSecret`, the last use of a token in a secret is recorded. */
  readonly objects: ServiceAccountObjects & LegacyTokenObjects
  /** Whether tokens in secrets are looked up (`--service-account-lookup`). Default `true`. */
  readonly lookup?: boolean
  /** Called if the use of a token in a secret could not be recorded. The token is accepted, but may look unused to a cleanup. */
  readonly onError?: (error: unknown) => void
  /** Default: that of the chain. */
  readonly clock?: Clock
}

export const someAccountObjects: Check = withMethods(
  'getters of objects, such as serviceAccountObjects(...) returns',
  'getServiceAccount',
  'getSecret',
)

const accountsShape: OptionsShape<ServiceAccountsOptions> = {
  issuers: required(listOf(aString)),
  keys: required(
    either((value) => Array.isArray(value) && value.length === 0, nonEmptyListOf(aFunction), aKeySource),
    ': a list of keys, or (await verificationKeysAt(...)).current',
  ),
  objects: required(someAccountObjects),
  lookup: aBoolean,
  onError: aFunction,
  clock: aClock,
}

export const tokenShape: OptionsShape<TokenOptions> = {
  tokenFile: aFile(fileShape),
  serviceAccounts: nested(accountsShape),
  bootstrapTokens: withMethods('a getter of secrets, such as bootstrapSecrets(...) returns', 'getSecret'),
  authenticationConfig: aFile(authenticationConfigurationAtShape),
  oidc: nested(oidcAtShape),
  tokens: listOf(aTokenAuthenticator),
  tokenReview: aFile(webhookAuthenticatorAtShape),
  tokenCache: either(
    (value) => value === false,
    () => [],
    nested(cachedShape),
  ),
  kubernetesVersion: aKubernetesVersion,
}

export interface TokenSurroundings {
  readonly opener: Opener
  readonly audiences: readonly string[] | undefined
  readonly shared: { readonly observer?: Observer; readonly clock?: Clock }
  /** Authenticators of Keystone tokens, with their own cache. */
  readonly keystone: readonly TokenAuthenticator[]
}

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
  const { serviceAccounts, bootstrapTokens, oidc, tokens = [], tokenCache = {}, kubernetesVersion } = options
  const { opener, audiences, shared, keystone } = surroundings
  const { clock } = shared
  const disallowedIssuers = serviceAccounts?.issuers ?? []
  const isExcluded = options.authenticationConfig !== undefined && oidc !== undefined

  const ofFile = opener.openAt('tokenFile', options.tokenFile, shared, tokenFileAt)
  const ofAccounts = serviceAccounts === undefined ? [] : serviceAccountTokens(serviceAccounts, surroundings)
  const bootstrap = bootstrapTokens && bootstrapToken({ secrets: bootstrapTokens, ...defined({ clock }) })
  const configured = opener.openAt(
    'authenticationConfig',
    options.authenticationConfig,
    { ...shared, ...defined({ kubernetesVersion }) },
    (path, own) => authenticationConfigurationAt(path, { ...own, disallowedIssuers }),
  )
  const ofIssuer =
    isExcluded || oidc === undefined
      ? undefined
      : opener.open('oidc', () => oidcAt(oidc, { ...shared, disallowedIssuers }))
  const asking = {
    ...shared,
    ...(audiences !== undefined && audiences.length > 0 && { implicitAudiences: audiences }),
  }
  const reviewed = opener.openAt('tokenReview', options.tokenReview, asking, (path, own) => {
    // Cached by the webhook's own rules, so not by the cache in front of the others.
    const authenticator = webhookAuthenticatorAt(path, { ...own, ttlSeconds: 0 })
    return { authenticator, cache: webhookCache(own), close: authenticator.close }
  })
  const known = [...ofAccounts, bootstrap, configured, ofIssuer].filter((each) => each !== undefined)
  const remembered = (authenticator: TokenAuthenticator): CachedMember => ({
    authenticator,
    cache: tokenCache === false ? false : { ...defined({ clock }), ...tokenCache },
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
        ...(reviewed === undefined ? [] : [{ authenticator: reviewed.authenticator, cache: reviewed.cache }]),
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
  { issuers, keys, objects, lookup = true, onError, ...own }: ServiceAccountsOptions,
  { opener, audiences = issuers, shared }: TokenSurroundings,
): readonly TokenAuthenticator[] {
  const { clock = shared.clock } = own
  const common = { keys, audiences, ...defined({ clock }) }
  const made = opener.attempt('serviceAccounts', () => {
    // First the one that validates its issuers, so that each problem is reported once.
    const bound = serviceAccountToken({ ...common, issuers, objects })
    const ofSecrets = lookup ? objects : false
    return [legacyServiceAccountToken({ ...common, objects: ofSecrets, ...defined({ onError }) }), bound]
  })
  return made ?? []
}
