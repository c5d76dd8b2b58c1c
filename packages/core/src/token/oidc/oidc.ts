import type { CelCompiler } from '@kube-authn/cel/kubernetes'
import { celCompiler } from '../../internal/cel/by-option.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { compileInto, configurationErrors } from './configuration/compile.ts'
import type { JwtAuthenticator } from './configuration/config.ts'
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
  aNonEmptyString,
  aString,
  checkOptions,
  either,
  listOf,
  nested,
  type OptionsShape,
  refuseProblems,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { type OidcClaimMappings, type OidcClaimRule, claimMappingsShape } from './claim-options.ts'
import {
  inTermsOfOptions,
  mappingsOfWords,
  type OidcWords,
  oidcWordsShape,
  rulesOfWords,
  wordProblems,
} from './claim-words.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { jwtAuthenticator, type JwtTokenAuthenticator } from './jwt-authenticator.ts'
import { LOGINS, type TokenKindOptions, tokenKinds, tokenKindShape } from './token-kind.ts'
import { algorithmsNamed } from './signing-algorithms.ts'

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

/** The checks of {@link OidcOptions}, for packages that extend these options. */
export const oidcShape: OptionsShape<OidcOptions> = {
  ...oidcWordsShape,
  ...tokenKindShape,
  issuer: required(aString),
  audience: required(either(Array.isArray, listOf(aString), aString)),
  scopesClaim: aNonEmptyString,
  claimMappings: nested(claimMappingsShape),
  claimValidationRules: listOf(
    nested({ claim: aString, requiredValue: aString, expression: aString, message: aString }),
  ),
  userValidationRules: listOf(nested({ expression: required(aString), message: aString })),
  discoveryURL: aString,
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
 * for login, and that it is not bound to a key of another client. Then it maps the claims to a user and applies the rules. Without a prefix
 * or a rule over the user, a token may name a user or a group that begins with `system:`.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go`; KEP-3331; OpenID Connect Core 1.0.
 *
 * @throws {ConfigurationError} with all problems, with the messages of Kubernetes.
 * @example
 * const tokens = oidc({ issuer: 'https://issuer.example.com', audience: 'my-app', groupsClaim: 'groups', groupsPrefix: 'oidc:' })
 */
export function oidc(options: OidcOptions): JwtTokenAuthenticator {
  checkOptions(oidcShape, options)
  const { signingAlgorithms = JWS_ALGORITHMS, keySet, compiler = celCompiler(), observer } = options
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
    wordProblems(options),
    errors.errors.map((problem) => inTermsOfOptions(problem, options)),
    problems,
    keySet !== undefined && (options.discoveryURL ?? '') !== ''
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
    ...(options.scopesClaim !== undefined && { scopesClaim: options.scopesClaim }),
  })
}

/** Converts the options to the form of a configuration file, in which no field is absent. */
function configOf(options: OidcOptions): JwtAuthenticator {
  const { issuer: url, audience, discoveryURL = '', userValidationRules = [] } = options
  const { username, groups, uid, extra = [] } = options.claimMappings ?? mappingsOfWords(options)
  const nothing = { claim: '', expression: '' }
  return {
    issuer: {
      url,
      audiences: typeof audience === 'string' ? [audience] : audience,
      discoveryURL,
      audienceMatchPolicy: 'MatchAny',
      certificateAuthority: '',
      egressSelectorType: '',
    },
    claimMappings: {
      username: { ...nothing, ...username },
      groups: { ...nothing, ...groups },
      uid: { ...nothing, ...uid },
      extra,
    },
    claimValidationRules: (options.claimValidationRules ?? rulesOfWords(options)).map((rule) => ({
      ...nothing,
      requiredValue: '',
      message: '',
      ...rule,
    })),
    userValidationRules: userValidationRules.map((rule) => ({ message: '', ...rule })),
  }
}
