import type { CelCompiler } from '@kube-authn/cel/kubernetes'
import type { Clock } from '../../internal/clock.ts'
import type { Observer } from '../../authenticator/events.ts'
import type { GetFetch } from '../../internal/http/get-text.ts'
import type { KeySet } from '../jwt/key-set.ts'
import type { TokenKindOptions } from './token-kind.ts'
import { aString, listOf, neverUnset, recordOf, required } from '../../internal/options/check.ts'
import { nested, type OptionsShape } from '../../internal/options/shape.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'

/** How claims become a user, in the words of the `--oidc-*` flags. */
export interface OidcWords {
  /** The claim with the username (`--oidc-username-claim`). Default `sub`. `email` must be verified by the issuer. */
  readonly usernameClaim?: string
  /** Prefix of usernames (`--oidc-username-prefix`); `''` for none. Default: the issuer and `#`, or none if the claim is `email`, so that users of different issuers never have the same name. */
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

/** Maps a claim or an expression to a user field. */
export type OidcMapping = { readonly claim: string } | { readonly expression: string }

/** Like {@link OidcMapping}; the claim value gets a prefix, which may be empty. */
export type OidcPrefixedMapping =
  | { readonly claim: string; readonly prefix: string }
  | { readonly expression: string }

/** A condition on the claims: a required claim value, or an expression. */
export type OidcClaimRule =
  | { readonly claim: string; readonly requiredValue?: string }
  | { readonly expression: string; readonly message?: string }

/** How claims become a user, as in an `AuthenticationConfiguration`. */
export interface OidcClaimMappings {
  /** The username. */
  readonly username: OidcPrefixedMapping
  /** Default: no groups. */
  readonly groups?: OidcPrefixedMapping
  /** Default: no uid. If set, the claim is required. */
  readonly uid?: OidcMapping
  /** Further attributes. Default: none. */
  readonly extra?: readonly {
    /** A path with a domain, in lowercase: `example.com/team`. */
    readonly key: string
    /** A CEL expression over `claims`: a string or a list of strings. */
    readonly valueExpression: string
  }[]
}

const prefixedMapping = nested({ claim: aString, prefix: aString, expression: aString })

export const claimMappingsShape: OptionsShape<OidcClaimMappings> = {
  username: required(prefixedMapping),
  groups: prefixedMapping,
  uid: nested({ claim: aString, expression: aString }),
  extra: listOf(nested({ key: required(aString), valueExpression: required(aString) })),
}

export const oidcWordsShape: OptionsShape<OidcWords> = {
  usernameClaim: aString,
  usernamePrefix: aString,
  groupsClaim: aString,
  groupsPrefix: aString,
  requiredClaims: neverUnset(recordOf(aString)),
}

/** Problems beyond types. */
export function wordProblems(options: OidcOptions): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  for (const path of WORDS) {
    const other = path === 'requiredClaims' ? 'claimValidationRules' : 'claimMappings'
    if (options[path] !== undefined && options[other] !== undefined) {
      problems.push({ path, message: `cannot be set together with ${other}` })
    }
  }
  if (options.usernamePrefix === '-') {
    problems.push({
      path: 'usernamePrefix',
      message: "must be '' for no prefix: only the flag has the hyphen",
    })
  }
  return problems
}

const WORDS = ['usernameClaim', 'usernamePrefix', 'groupsClaim', 'groupsPrefix', 'requiredClaims'] as const

/** The mappings that these options stand for. */
export function mappingsOfWords({
  issuer,
  usernameClaim = 'sub',
  usernamePrefix = usernamePrefixOf(issuer, usernameClaim),
  groupsClaim = '',
  groupsPrefix = '',
}: OidcWords & { readonly issuer: string }): OidcClaimMappings {
  return {
    username: { claim: usernameClaim, prefix: usernamePrefix },
    ...(groupsClaim !== '' && { groups: { claim: groupsClaim, prefix: groupsPrefix } }),
  }
}

/** Source: kubernetes `pkg/kubeapiserver/options/authentication.go`. */
export function usernamePrefixOf(issuer: string, usernameClaim: string): string {
  return usernameClaim === 'email' ? '' : `${issuer}#`
}

/** Reports a problem of a field of an `AuthenticationConfiguration` under the option that it comes from. */
export function inTermsOfOptions(
  { path, message }: ConfigurationProblem,
  { audience, claimMappings, claimValidationRules }: OidcOptions,
): ConfigurationProblem {
  let option = path
    .replace('issuer.url', 'issuer')
    .replace(typeof audience === 'string' ? 'issuer.audiences[0]' : 'issuer.audiences', 'audience')
    .replace('issuer.d', 'd')
  if (claimMappings === undefined) option = option.replace(/^claimMappings\.(\w+).*/, '$1Claim')
  if (claimValidationRules === undefined) option = option.replace(/^claimV.*/, 'requiredClaims')
  // Some messages of Kubernetes repeat the field.
  return { path: option, message: message.replace(`${path}: `, '') }
}
