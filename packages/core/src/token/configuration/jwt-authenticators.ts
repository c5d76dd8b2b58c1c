import { messageOf } from '../../internal/thrown.ts'
import type { TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { knownTokens } from '../../authenticator/known-credentials.ts'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import type { Observer } from '../../authenticator/events.ts'
import { fieldPath } from '../../internal/field/path.ts'
import type { GetFetch } from '../../internal/http/get-text.ts'
import { algorithmsNamed, JWS_ALGORITHMS } from '../jwt/algorithms.ts'
import { readIssuedToken } from '../jwt/read-jwt.ts'
import {
  aBoolean,
  above,
  aClock,
  aFunction,
  aString,
  checkOptions,
  listOf,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import { issuerNamed } from '../oidc/verify-token.ts'
import { jwtAuthenticator, type JwtAuthenticatorOptions } from '../oidc/jwt-authenticator.ts'
import { ANY_KIND, type TokenKindOptions, tokenKinds, tokenKindShape } from '../oidc/token-kind.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import type { CompiledJwtAuthenticator, Issuer } from '../oidc/configuration/config.ts'

/** A `fetch` for one issuer, closed together with the authenticator that uses it. */
export type IssuerFetch = GetFetch & { readonly close?: () => void }

/** Options of {@link jwtAuthenticators}. */
export interface JwtAuthenticatorsOptions extends TokenKindOptions {
  /**
   * Creates the `fetch` for an issuer, with its certificate authority and its egress selector. Errors that it throws are reported as
   * problems of the issuer. Default: the global `fetch`, which supports neither.
   */
  readonly fetchFor?: (issuer: Issuer) => IssuerFetch
  /** Time limit of one call to an issuer. Default 10. */
  readonly timeoutSeconds?: number
  /** Accepted signing algorithms. Default: RS, ES and PS with 256, 384 and 512, as in kube-apiserver with a configuration file. */
  readonly signingAlgorithms?: readonly string[]
  /** See `oidc`. */
  readonly discoverAtOnce?: boolean
  /** Receives an event for each fetch of keys. */
  readonly observer?: Observer
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

export const jwtAuthenticatorsShape: OptionsShape<JwtAuthenticatorsOptions> = {
  ...tokenKindShape,
  fetchFor: aFunction,
  timeoutSeconds: above(0, 300),
  signingAlgorithms: listOf(aString),
  discoverAtOnce: aBoolean,
  observer: aFunction,
  clock: aClock,
}

/** The authenticators of a configuration, combined. */
export interface JwtAuthenticators extends TokenAuthenticator {
  /** Why tokens of some issuers cannot be verified yet, one message per issuer. */
  health(): readonly string[]
  /** Resolves once tokens of all issuers can be verified. */
  readonly ready: Promise<void>
  /** Stops discovery. */
  close(): void
}

/**
 * Creates the authenticators of a validated configuration. Their issuers are distinct, so at most one is called for a token.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go` (`newJWTAuthenticator`).
 *
 * @param jwt the result of validating a configuration without errors.
 * @throws {ConfigurationError} if `fetchFor` throws for an issuer, or an option is invalid.
 */
export function jwtAuthenticators(
  jwt: readonly CompiledJwtAuthenticator[],
  options: JwtAuthenticatorsOptions = {},
): JwtAuthenticators {
  checkOptions(jwtAuthenticatorsShape, options)
  return jwtAuthenticatorsMaker(options)(jwt)
}

/** Creates the authenticators of a version. `discoverAtOnce` overrides the option. */
export type MakeJwtAuthenticators = (
  jwt: readonly CompiledJwtAuthenticator[],
  discoverAtOnce?: boolean,
) => JwtAuthenticators

/**
 * {@link jwtAuthenticators} for many versions, with options that are already checked and are resolved once.
 *
 * @throws {ConfigurationError} if an algorithm is unsupported.
 */
export function jwtAuthenticatorsMaker(options: JwtAuthenticatorsOptions): MakeJwtAuthenticators {
  const { fetchFor = runtimeFetch, timeoutSeconds = 10, signingAlgorithms = JWS_ALGORITHMS } = options
  const { clock = systemClock, discoverAtOnce = canWorkInBackground(), observer } = options
  const kinds = tokenKinds(options, ANY_KIND)
  const { algorithms, problems: unknown } = algorithmsNamed(signingAlgorithms, 'signingAlgorithms')
  refuseProblems(unknown)
  const common = { clock, timeoutSeconds, algorithms, kinds, observer }
  return (jwt, isEager = discoverAtOnce) => combined(jwt, { ...common, isEager }, fetchFor)
}

function combined(
  jwt: readonly CompiledJwtAuthenticator[],
  common: Omit<JwtAuthenticatorOptions, 'fetch'>,
  fetchFor: (issuer: Issuer) => IssuerFetch,
): JwtAuthenticators {
  const { fetches, problems } = fetchesFor(jwt, fetchFor)
  if (problems.length > 0) {
    for (const fetch of fetches) fetch.close?.()
    throw new ConfigurationError(problems)
  }
  const byIssuer = new Map(
    jwt.flatMap((compiled, index) => {
      const fetch = fetches[index]
      if (fetch === undefined) return []
      return [[compiled.config.issuer.url, jwtAuthenticator(compiled, { ...common, fetch })] as const]
    }),
  )
  const authenticators = [...byIssuer.values()]
  return {
    name: 'jwt',
    mayKnow(token) {
      const issued = readIssuedToken(token)
      return issued !== undefined && byIssuer.has(issuerNamed(issued.issuer))
    },
    known: () => authenticators.flatMap(knownTokens),
    authenticateToken(token, context) {
      // Select by issuer, so that many issuers cost no more than one.
      const issued = readIssuedToken(token)
      return issued && byIssuer.get(issuerNamed(issued.issuer))?.authenticateIssued(issued, context)
    },
    health: () => authenticators.map((each) => each.health()).filter((text) => text !== undefined),
    get ready() {
      return Promise.all(authenticators.map(({ ready }) => ready)).then(() => {})
    },
    close() {
      for (const each of authenticators) each.close()
      for (const fetch of fetches) fetch.close?.()
    },
  }
}

function fetchesFor(
  jwt: readonly CompiledJwtAuthenticator[],
  fetchFor: (issuer: Issuer) => IssuerFetch,
): { readonly fetches: readonly IssuerFetch[]; readonly problems: readonly ConfigurationProblem[] } {
  const fetches: IssuerFetch[] = []
  const problems: ConfigurationProblem[] = []
  for (const [index, { config }] of jwt.entries()) {
    try {
      fetches.push(fetchFor(config.issuer))
    } catch (error) {
      const path = String(fieldPath('jwt').index(index).child('issuer'))
      problems.push({ path, message: messageOf(error, 'the option fetchFor failed') })
    }
  }
  return { fetches, problems }
}

/** Looks up the global fetch on each call, so that a replaced one is used. */
function runtimeFetch({ certificateAuthority, egressSelectorType }: Issuer): IssuerFetch {
  if (certificateAuthority !== '') {
    throw new Error('certificateAuthority requires the option fetchFor: the global fetch has no CA option')
  }
  if (egressSelectorType !== '') throw new Error('egressSelectorType requires the option fetchFor')
  return (url, init) => globalThis.fetch(url, init)
}
