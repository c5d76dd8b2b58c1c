import type { CelCompiler } from '@kube-authn/cel/kubernetes'
import type { Clock } from '../../internal/clock.ts'
import type { Observer } from '../../authenticator/events.ts'
import type { GetFetch } from '../../internal/http/get-text.ts'
import type { KeySet } from '../jwt/key-set.ts'
import type { OidcClaimMappings, OidcClaimRule } from './claim-options.ts'
import type { TokenKindOptions } from './token-kind.ts'

/** How claims become a user, in the words of the `--oidc-*` flags. */
export interface OidcWords {
  /** The claim with the username (`--oidc-username-claim`). Default `sub`. `email` must be verified by the issuer. */
  readonly usernameClaim?: string
  /**
   * Prefix of usernames (`--oidc-username-prefix`); `''` for none. Default: the issuer and `#`, or none if the claim is `email`, so that users
   * of different issuers never have the same name.
   */
  readonly usernamePrefix?: string
  /** The claim with the groups: a string or a list (`--oidc-groups-claim`). Default: no groups. */
  readonly groupsClaim?: string
  /** Prefix of groups (`--oidc-groups-prefix`). Default none: a token can then claim `system:masters`. */
  readonly groupsPrefix?: string
  /** Claims with these values are required (`--oidc-required-claim`), as in `{ hd: 'example.com' }`. */
  readonly requiredClaims?: Readonly<Record<string, string>>
}

/** Options of {@link oidc}: the issuer, the audience, and how claims become a user. */
export interface OidcOptions extends OidcWords, TokenKindOptions {
  /** The required `iss` claim, compared byte by byte: an https URL (`--oidc-issuer-url`). */
  readonly issuer: string
  /** The accepted audience, or several: `aud` must contain one of them. With ID tokens it is the client id (`--oidc-client-id`). */
  readonly audience: string | readonly string[]
  /**
   * The claim with the OAuth scopes of the token, usually `scope` or `scp`: a string with spaces between scopes, or a list. They become the
   * extra `scopes` of the user, which `requireScopes` reads. Default: none, as in Kubernetes.
   */
  readonly scopesClaim?: string
  /**
   * Whether only access tokens in the form of RFC 9068 are accepted: of the type `at+jwt`, with the claims `iss`, `exp`, `aud`, `sub`, `client_id`,
   * `iat` and `jti`. The client becomes the extra `client-id`, and `scopesClaim` is `scope` by default. Default `false`.
   */
  readonly accessTokens?: boolean
  /** The mappings of an `AuthenticationConfiguration`, which can have expressions, instead of the options for claims above. */
  readonly claimMappings?: OidcClaimMappings
  /** Conditions on the claims, as in an `AuthenticationConfiguration`, instead of `requiredClaims`. */
  readonly claimValidationRules?: readonly OidcClaimRule[]
  /** Conditions on the user, as in an `AuthenticationConfiguration`. */
  readonly userValidationRules?: readonly {
    /** A CEL expression over `user`, which must be true. */
    readonly expression: string
    /** The error message if it is not. Never sent to the client. */
    readonly message?: string
  }[]
  /** URL of the discovery document. Default: `/.well-known/openid-configuration` below `issuer`. */
  readonly discoveryURL?: string
  /** Accepted signing algorithms (`--oidc-signing-algs`). Default: RS, ES and PS with 256, 384 and 512. */
  readonly signingAlgorithms?: readonly string[]
  /** Fixed keys. Default: the keys that the issuer publishes. */
  readonly keySet?: KeySet
  /** Required for expressions: `celCompiler()` of `@kube-authn/cel/kubernetes`. */
  readonly compiler?: CelCompiler
  /** Default: the runtime's. For a private certificate authority, `createFetch` of `@kube-authn/node`. */
  readonly fetch?: GetFetch
  /** Time limit of one call to the issuer. Default 10. */
  readonly timeoutSeconds?: number
  /**
   * Whether discovery starts immediately and retries every ten seconds until it succeeds. Otherwise it runs when a token arrives. Default:
   * true if the runtime can work in the background; Cloudflare Workers cannot.
   */
  readonly discoverAtOnce?: boolean
  /** Receives an event for each fetch of keys. */
  readonly observer?: Observer
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}
