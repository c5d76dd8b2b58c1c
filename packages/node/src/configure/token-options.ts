import type { Clock, TokenAuthenticator } from '@kube-authn/core'
import {
  aClock,
  aString,
  aTokenAuthenticator,
  type Check,
  either,
  nested,
  nonEmptyListOf,
  withMethods,
} from '@kube-authn/core/internal'
import { aBoolean, aFunction, listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import type { BootstrapSecretGetter } from '@kube-authn/core/bootstrap-token'
import { type CachedOptions, cachedShape } from '@kube-authn/core/remote'
import {
  aKeySource,
  type KeySource,
  type LegacyTokenObjects,
  type ServiceAccountObjects,
} from '@kube-authn/core/service-account'
import {
  type AuthenticationConfigurationAtOptions,
  authenticationConfigurationAtShape,
} from '../at/authentication-configuration-at.ts'
import { type OidcAtOptions, oidcAtShape } from '../at/oidc-at.ts'
import { aFile } from '../options/file-option.ts'
import { fileShape } from '../options/reload-options.ts'
import type { TokenFileAtOptions } from '../at/token-file-at.ts'
import {
  type WebhookAuthenticatorAtOptions,
  webhookAuthenticatorAtShape,
} from '../webhook/webhook-authenticator-at.ts'

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

/** The check of the objects that service account tokens refer to. */
export const someAccountObjects: Check = withMethods(
  'getters of objects, such as serviceAccountObjects(...) returns',
  'getServiceAccount',
  'getSecret',
)

const accountsShape: OptionsShape<ServiceAccountsOptions> = {
  issuers: required(listOf(aString)),
  keys: required(
    either(isEmptyList, nonEmptyListOf(aFunction), aKeySource),
    ': a list of keys, or (await verificationKeysAt(...)).current',
  ),
  objects: required(someAccountObjects),
  lookup: aBoolean,
  onError: aFunction,
  clock: aClock,
}

/** The checks of {@link TokenOptions}. */
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
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
