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

/** Options of {@link oidc}. The first four are those of `jwt` in an `AuthenticationConfiguration`. */
export interface OidcOptions extends TokenKindOptions {
  /** The issuer of the tokens, and their audience. */
  readonly issuer: {
    /** The required `iss` claim, compared byte by byte: an https URL (`--oidc-issuer-url`). */
    readonly url: string
    /** Accepted audiences: `aud` must contain one of them (`--oidc-client-id`). */
    readonly audiences: readonly string[]
    /** URL of the discovery document. Default: `/.well-known/openid-configuration` below `url`. */
    readonly discoveryURL?: string
    /** Only `MatchAny`, the default. */
    readonly audienceMatchPolicy?: 'MatchAny'
  }
  /** Which claims become the user. */
  readonly claimMappings: {
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
  readonly claimValidationRules?: readonly OidcClaimRule[]
  /** What the user must fulfill, after the mapping. Default: nothing. */
  readonly userValidationRules?: readonly {
    /** A CEL expression over `user`, which must be true. */
    readonly expression: string
    /** The error message if it is not. Never sent to the client. */
    readonly message?: string
  }[]
  /** Accepted signing algorithms (`--oidc-signing-algs`). Default: RS, ES and PS with 256, 384 and 512. */
  readonly signingAlgorithms?: readonly string[]
  /** Fixed keys. Default: the keys that the issuer publishes. */
  readonly keySet?: KeySet
  /** Required for expressions: `celCompiler()` of `@kube-authn/core/cel`. */
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
  keySet: withMethods('a key set, such as localKeySet(...)', 'verify'),
  compiler: withMethods('a CEL compiler, such as celCompiler()', 'compile'),
  fetch: aFunction,
  timeoutSeconds: above(0, 300),
  discoverAtOnce: aBoolean,
  observer: aFunction,
  clock: aClock,
}

/**
 * Authenticates ID tokens of an OpenID Connect provider, or any JWT whose keys are published the same way (`--oidc-*`).
 *
 * Ignores tokens of other issuers. For its own, it checks the algorithm, the signature, the audience, the times, that the token is meant
 * for login, and that it is not bound to a key of another client. Then it maps the claims to a user and applies the rules. A token may name
 * a user or a group that begins with `system:` unless a prefix or a rule over the user prevents it.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go`; KEP-3331; OpenID Connect Core 1.0.
 *
 * @throws {ConfigurationError} with all problems, using the paths and messages of Kubernetes.
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
  // Looked up on each call, so that a replaced global fetch is used.
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
    throw new CelCompileError('expressions require a compiler: pass celCompiler() from @kube-authn/core/cel')
  },
}

/** Converts the options to the form of a configuration file, in which no field is absent. */
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
