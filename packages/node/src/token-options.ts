import type { Clock, TokenAuthenticator } from '@kube-authn/core'
import type { BootstrapSecretGetter } from '@kube-authn/core/bootstrap-token'
import { type OidcFlags, oidcFlagsShape, type TokenKindOptions, tokenKindShape } from '@kube-authn/core/oidc'
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
import {
  aKeySource,
  type KeySource,
  type LegacyTokenObjects,
  type ServiceAccountObjects,
} from '@kube-authn/core/service-account'
import { type CachedOptions, cachedShape } from '@kube-authn/core/token-cache'
import {
  type AuthenticationConfigurationAtOptions,
  authenticationConfigurationAtShape,
} from './authentication-configuration-at.ts'
import { aFile, aPath } from './options/a-path.ts'
import { fileShape } from './options/reload-shape.ts'
import type { TokenFileAtOptions } from './token-file-at.ts'
import {
  type WebhookAuthenticatorAtOptions,
  webhookAuthenticatorAtShape,
} from './webhook/webhook-authenticator-at.ts'

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
   * path: `version` and `cacheTtlSeconds` are `--authentication-token-webhook-version` and `-cache-ttl`. It is asked last, and remembered by
   * rules of its own.
   */
  readonly tokenReview?: string | ({ readonly path: string } & WebhookAuthenticatorAtOptions)
  /**
   * How tokens of each of them but the token file and the webhook are remembered. Default as kube-apiserver: 10 s for users, 0 for failures.
   * `false`: no cache. Authenticators before the one that knows a token are asked first, unless their `mayKnow` excludes the token.
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

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
