import {
  type OidcOptions,
  claimMappingsShape,
  inTermsOfOptions,
  mappingsOfWords,
  oidcWordsShape,
  wordProblems,
} from './oidc-options.ts'
import { celCompiler } from '../../internal/cel/by-option.ts'
import { systemClock } from '../../internal/clock.ts'
import { compileInto, configurationErrors } from './configuration/compile.ts'
import { validateJwtAuthenticator } from './configuration/validate-jwt-authenticator.ts'
import type { JwtAuthenticator } from './configuration/config.ts'
import { fieldPath } from '../../internal/field/path.ts'
import { algorithmsNamed, JWS_ALGORITHMS } from '../jwt/algorithms.ts'
import {
  aBoolean,
  above,
  aClock,
  aFunction,
  aNonEmptyString,
  aString,
  either,
  listOf,
  neverUnset,
  required,
  withMethods,
} from '../../internal/options/check.ts'
import { checkOptions, nested, type OptionsShape, refuseProblems } from '../../internal/options/shape.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { jwtAuthenticator, type JwtTokenAuthenticator } from './jwt-authenticator.ts'
import { ACCESS_TOKENS, LOGINS, tokenKinds, tokenKindShape } from './token-kind.ts'

/** The checks of {@link OidcOptions}, for packages that extend these options. */
export const oidcShape: OptionsShape<OidcOptions> = {
  ...oidcWordsShape,
  ...tokenKindShape,
  issuer: required(aString),
  audience: required(either(Array.isArray, listOf(aString), aString)),
  accessTokens: aBoolean,
  scopesClaim: aNonEmptyString,
  claimMappings: nested(claimMappingsShape),
  claimValidationRules: neverUnset(
    listOf(nested({ claim: aString, requiredValue: aString, expression: aString, message: aString })),
  ),
  userValidationRules: neverUnset(listOf(nested({ expression: required(aString), message: aString }))),
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
  const { accessTokens = false, scopesClaim = accessTokens ? 'scope' : undefined } = options
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
    accessTokens && options.tokenTypes !== undefined
      ? [{ path: 'tokenTypes', message: 'cannot be set together with accessTokens' }]
      : [],
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
    kinds: tokenKinds(options, accessTokens ? ACCESS_TOKENS : LOGINS),
    accessTokens,
    observer,
    isEager: discoverAtOnce,
    ...(keySet !== undefined && { keySet }),
    ...(scopesClaim !== undefined && { scopesClaim }),
  })
}

/** Converts the options to the form of a configuration file, in which no field is absent. */
function configOf(options: OidcOptions): JwtAuthenticator {
  const { issuer: url, audience, discoveryURL = '', userValidationRules = [] } = options
  const { username, groups, uid, extra = [] } = options.claimMappings ?? mappingsOfWords(options)
  const nothing = { claim: '', expression: '' }
  const ofRequiredClaims = Object.entries(options.requiredClaims ?? {}).map(([claim, requiredValue]) => ({
    claim,
    requiredValue,
  }))
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
    claimValidationRules: (options.claimValidationRules ?? ofRequiredClaims).map((rule) => ({
      ...nothing,
      requiredValue: '',
      message: '',
      ...rule,
    })),
    userValidationRules: userValidationRules.map((rule) => ({ message: '', ...rule })),
  }
}
