import { CelCompileError, type CelCompiler } from '../../internal/cel/cel.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { compileInto, configurationErrors } from './configuration/compile.ts'
import type { JwtAuthenticator, PrefixedClaimOrExpression } from './configuration/config.ts'
import { validateJwtAuthenticator } from './configuration/validate-jwt-authenticator.ts'
import type { Observer } from '../../authenticator/events.ts'
import { fieldPath } from '../../internal/field/path.ts'
import type { GetFetch } from '../../internal/http/get-fetch.ts'
import { JWS_ALGORITHMS } from '../jwt/algorithms.ts'
import type { KeySet } from '../jwt/key-set.ts'
import {
  aBoolean,
  above,
  aClock,
  aFunction,
  aString,
  checkOptions,
  listOf,
  nested,
  type OptionsShape,
  refuseProblems,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { jwtAuthenticator, type JwtTokenAuthenticator } from './jwt-authenticator.ts'
import { LOGINS, type TokenKindOptions, tokenKinds, tokenKindShape } from './token-kind.ts'
import { algorithmsNamed } from './signing-algorithms.ts'

/** How a claim or an expression becomes a part of a user. */
export type OidcMapping = { readonly claim: string } | { readonly expression: string }

/** Like an {@link OidcMapping}; the value of a claim has a prefix, which may be empty. */
export type OidcPrefixedMapping =
  | { readonly claim: string; readonly prefix: string }
  | { readonly expression: string }

/** What must hold of the claims: a claim with a value, or an expression. */
export type OidcClaimRule =
  | { readonly claim: string; readonly requiredValue?: string }
  | { readonly expression: string; readonly message?: string }

/** Options of {@link oidc}. The first four are those of `jwt` in an `AuthenticationConfiguration`. */
export interface OidcOptions extends TokenKindOptions {
  readonly issuer: {
    /** What the claim `iss` must be, to the byte: https (`--oidc-issuer-url`). */
    readonly url: string
    /** Whom tokens have to be for: one of these in the claim `aud` is enough (`--oidc-client-id`). */
    readonly audiences: readonly string[]
    /** Where the discovery document is. Default: `/.well-known/openid-configuration` below the URL. */
    readonly discoveryURL?: string
    /** `MatchAny` is all there is, and the default. */
    readonly audienceMatchPolicy?: 'MatchAny'
  }
  readonly claimMappings: {
    readonly username: OidcPrefixedMapping
    /** Default: no groups. */
    readonly groups?: OidcPrefixedMapping
    /** Default: no uid. A claim has to be there. */
    readonly uid?: OidcMapping
    readonly extra?: readonly { readonly key: string; readonly valueExpression: string }[]
  }
  readonly claimValidationRules?: readonly OidcClaimRule[]
  readonly userValidationRules?: readonly { readonly expression: string; readonly message?: string }[]
  /** What tokens may be signed with (`--oidc-signing-algs`). Default: RS, ES and PS with 256, 384 and 512. */
  readonly signingAlgorithms?: readonly string[]
  /** Keys that are known already. Default: those that the issuer publishes. */
  readonly keySet?: KeySet
  /** Compiles expressions: `celCompiler()` of `@kube-authn/core/cel`. Without expressions none is needed. */
  readonly compiler?: CelCompiler
  /** Default: the runtime's. For a private certificate authority, `createFetch` of `@kube-authn/node`. */
  readonly fetch?: GetFetch
  /** How long one call to the issuer may take. Default 10. */
  readonly timeoutSeconds?: number
  /**
   * Whether the issuer is looked for at once, and every ten seconds until it is found. Otherwise when a token comes. Default: as the
   * runtime allows; Cloudflare Workers do nothing before a request.
   */
  readonly discoverAtOnce?: boolean
  /** Told of keys that were fetched. */
  readonly observer?: Observer
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const prefixedMapping = nested({ claim: aString, prefix: aString, expression: aString })
const unprefixedMapping = nested({ claim: aString, expression: aString })

const issuerShape: OptionsShape<OidcOptions['issuer']> = {
  url: required(aString),
  audiences: required(listOf(aString)),
  discoveryURL: aString,
  audienceMatchPolicy: aString,
}

const mappingsShape: OptionsShape<OidcOptions['claimMappings']> = {
  username: required(prefixedMapping),
  groups: prefixedMapping,
  uid: unprefixedMapping,
  extra: listOf(nested({ key: required(aString), valueExpression: required(aString) })),
}

const shape: OptionsShape<OidcOptions> = {
  ...tokenKindShape,
  issuer: required(nested(issuerShape)),
  claimMappings: required(nested(mappingsShape)),
  claimValidationRules: listOf(
    nested({ claim: aString, requiredValue: aString, expression: aString, message: aString }),
  ),
  userValidationRules: listOf(nested({ expression: required(aString), message: aString })),
  signingAlgorithms: listOf(aString),
  keySet: withMethods('a set of keys, as localKeySet(...) makes', 'verify'),
  compiler: withMethods('a compiler of expressions, as celCompiler() makes', 'compile'),
  fetch: aFunction,
  timeoutSeconds: above(0, 300),
  discoverAtOnce: aBoolean,
  observer: aFunction,
  clock: aClock,
}

/**
 * Knows users by ID tokens of an OpenID Connect provider, or by any JWT whose keys are published in this way (`--oidc-*`).
 *
 * A token of another issuer is not its business. Of its own, the algorithm, the signature, the audience and the times are checked, and that
 * it is meant to be a login and not bound to a key of another client; then claims become a user, then the rules must hold. Nothing keeps a token from naming a user or a group that begins with `system:`:
 * prefixes do, or a rule over the user.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go`; KEP-3331; OpenID Connect Core 1.0.
 *
 * @throws {ConfigurationError} with everything that is wrong, by the paths and in the words of Kubernetes.
 * @example
 * const tokens = oidc({
 *   issuer: { url: 'https://issuer.example.com', audiences: ['my-app'] },
 *   claimMappings: {
 *     username: { claim: 'email', prefix: '' },
 *     groups: { claim: 'groups', prefix: 'oidc:' },
 *   },
 * })
 */
export function oidc(options: OidcOptions): JwtTokenAuthenticator {
  checkOptions(shape, options)
  const { signingAlgorithms = JWS_ALGORITHMS, keySet, compiler = noCompiler, observer } = options
  const { clock = systemClock, timeoutSeconds = 10, discoverAtOnce = canWorkInBackground() } = options
  // Looked up with each call, so that whoever replaces the global one is heard.
  const { fetch = (url, init) => globalThis.fetch(url, init) } = options

  const errors = configurationErrors()
  const compiled = validateJwtAuthenticator(configOf(options), fieldPath(), {
    errors,
    disallowed: new Set(),
    compile: compileInto(errors, compiler),
  })
  const { algorithms, problems } = algorithmsNamed(signingAlgorithms, 'signingAlgorithms')
  refuseProblems(
    errors.errors,
    problems,
    keySet !== undefined && (options.issuer.discoveryURL ?? '') !== ''
      ? [{ path: 'keySet', message: 'oidc: KeySet and DiscoveryURL are mutually exclusive' }]
      : [],
  )
  return jwtAuthenticator(compiled, {
    fetch,
    clock,
    timeoutSeconds,
    algorithms,
    kinds: tokenKinds(options, LOGINS),
    observer,
    isEager: discoverAtOnce,
    ...(keySet !== undefined && { keySet }),
  })
}

const noCompiler: CelCompiler = {
  compile() {
    throw new CelCompileError('expressions need a compiler: celCompiler() of @kube-authn/core/cel')
  },
}

/** The same as in a file, where nothing is absent. */
function configOf({
  issuer,
  claimMappings,
  claimValidationRules = [],
  userValidationRules = [],
}: OidcOptions): JwtAuthenticator {
  const nothing = { claim: '', expression: '' }
  return {
    issuer: {
      discoveryURL: '',
      audienceMatchPolicy: 'MatchAny',
      certificateAuthority: '',
      egressSelectorType: '',
      ...issuer,
    },
    claimMappings: {
      username: prefixed(claimMappings.username),
      groups: prefixed(claimMappings.groups),
      uid: { ...nothing, ...claimMappings.uid },
      extra: claimMappings.extra ?? [],
    },
    claimValidationRules: claimValidationRules.map((rule) => ({
      ...nothing,
      requiredValue: '',
      message: '',
      ...rule,
    })),
    userValidationRules: userValidationRules.map((rule) => ({ message: '', ...rule })),
  }
}

function prefixed(mapping: OidcPrefixedMapping | undefined): PrefixedClaimOrExpression {
  return { claim: '', expression: '', ...mapping }
}
