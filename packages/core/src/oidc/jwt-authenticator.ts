import type { Authentication, TokenAuthenticator } from '../authenticator.ts'
import type { Clock } from '../clock.ts'
import type { CompiledJwtAuthenticator } from './configuration/programs.ts'
import type { Context } from '../context.ts'
import { rejected } from '../errors.ts'
import { notify, type Observer } from '../events.ts'
import type { GetFetch } from '../http/get-fetch.ts'
import type { JwsAlgorithm } from '../jwt/algorithms.ts'
import type { KeySet } from '../jwt/key-set.ts'
import { readJwt, unverifiedIssuer, type UnverifiedJwt } from '../jwt/read-jwt.ts'
import { quoted } from '../quote.ts'
import { issuerNamed } from './issuer-alias.ts'
import { checkRules } from './validation-rules.ts'
import { userOfClaims } from './claim-mappings.ts'
import { distributedClaims } from './distributed-claims.ts'
import { provider } from './provider.ts'
import { checkKind, type TokenKinds } from './token-kind.ts'
import { verifyToken, wrapped } from './verify-token.ts'

/** A token authenticator whose issuer may be out of reach. */
export interface JwtTokenAuthenticator extends TokenAuthenticator {
  /** Why tokens of its issuer cannot be verified yet; `undefined` once they can be. */
  health(): string | undefined
  /** Waits until they can be. */
  readonly ready: Promise<void>
  /** Stops looking for the issuer. */
  close(): void
}

/** What a {@link jwtAuthenticator} is made with. */
export interface JwtAuthenticatorOptions {
  readonly fetch: GetFetch
  readonly clock: Clock
  readonly timeoutSeconds: number
  readonly algorithms: readonly JwsAlgorithm[]
  readonly kinds: TokenKinds
  readonly isEager: boolean
  /** Instead of those that discovery finds. */
  readonly keySet?: KeySet
  readonly observer?: Observer | undefined
}

/**
 * Knows users by the tokens of one issuer.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`AuthenticateToken`).
 */
export function jwtAuthenticator(
  compiled: CompiledJwtAuthenticator,
  options: JwtAuthenticatorOptions,
): JwtTokenAuthenticator {
  const { issuer, claimMappings } = compiled.config
  const { algorithms, clock, kinds, observer } = options
  const rules = { audiences: issuer.audiences, algorithms, clock }
  const onFetch = (result: { readonly jwks: string } | { readonly error: Error }): void =>
    notify(observer, { type: 'jwksFetch', issuer: issuer.url, ...result })
  const found =
    options.keySet === undefined ? provider(issuer, { ...options, onFetch }) : knownKeys(options.keySet)
  const elsewhere = distributedClaims({
    ...options,
    claim: claimMappings.groups.claim,
    rules,
    issuer: issuer.url,
    provider: found,
  })

  const authenticate = async (jwt: UnverifiedJwt | undefined, context: Context): Promise<Authentication> => {
    const keySet = await found.keySet()
    if (jwt === undefined) throw rejected('oidc: verify token: oidc: malformed jwt')
    let registered
    try {
      registered = await verifyToken(jwt, keySet, rules)
    } catch (error) {
      throw wrapped('oidc: verify token', error)
    }
    await checkKind(jwt, kinds, context)
    const claims =
      claimMappings.groups.claim === '' ? jwt.claims : await elsewhere.expand(jwt.claims, registered, context)
    const user = userOfClaims(compiled, claims)
    checkRules(compiled, claims, user)
    return { user, expiresAtMs: registered.expiry * 1000 }
  }

  return {
    name: 'oidc',
    authenticateToken(token, context) {
      const jwt = readJwt(token)
      // What is broken elsewhere than in its claims is still a token of somebody.
      const iss = jwt === undefined ? unverifiedIssuer(token) : jwt.issuer
      if (iss === undefined || issuerNamed(iss) !== issuer.url) return undefined
      return timed(issuer.url, context.observer, () => authenticate(jwt, context))
    },
    health() {
      const { error } = found
      if (error === undefined) return undefined
      return `oidc: authenticator for issuer ${quoted(issuer.url)} is not healthy: ${error.message}`
    },
    get ready() {
      return found.ready
    },
    close: () => found.close(),
  }
}

function knownKeys(keySet: KeySet): ReturnType<typeof provider> {
  return {
    error: undefined,
    ready: Promise.resolve(),
    keySet: () => Promise.resolve(keySet),
    close: () => {},
  }
}

async function timed<T>(issuer: string, observer: Observer | undefined, work: () => Promise<T>): Promise<T> {
  if (observer === undefined) return work()
  const start = performance.now()
  const tell = (result: 'success' | 'failure'): void =>
    notify(observer, {
      type: 'jwtAuthenticator',
      issuer,
      result,
      durationSeconds: (performance.now() - start) / 1000,
    })
  try {
    const value = await work()
    tell('success')
    return value
  } catch (error) {
    tell('failure')
    throw error
  }
}
