import type {
  Authentication,
  KnownCredential,
  TokenAuthenticator,
} from '../../authenticator/authenticator.ts'
import { andThen, type Awaitable, settle } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { CompiledJwtAuthenticator } from './configuration/config.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import type { FileNotice, Observer } from '../../authenticator/events.ts'
import type { GetFetch } from '../../internal/http/get-fetch.ts'
import type { JwsAlgorithm } from '../jwt/algorithms.ts'
import type { KeySet } from '../jwt/key-set.ts'
import { type IssuedToken, readIssuedToken, type UnverifiedJwt } from '../jwt/read-jwt.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { JsonObject } from '../../internal/objects.ts'
import type { UserExtra } from '../../authenticator/user.ts'
import { extraOfAccessToken, scopesOfClaim } from './access-token.ts'
import { checkRules } from './validation-rules.ts'
import { userOfClaims } from './claim-mappings.ts'
import { discoveryUrlOf } from './discovery.ts'
import { distributedClaims } from './distributed-claims.ts'
import { provider } from './provider.ts'
import { checkKind, type TokenKinds } from './token-kind.ts'
import { issuerNamed, type RegisteredClaims } from './registered-claims.ts'
import { verifyToken, wrapped } from './verify-token.ts'

/** A token authenticator for an issuer that may be unreachable. */
export interface JwtTokenAuthenticator extends TokenAuthenticator {
  /** Why tokens of the issuer cannot be verified yet; `undefined` once they can be. */
  health(): string | undefined
  /** Resolves once tokens can be verified. */
  readonly ready: Promise<void>
  /** Stops discovery. */
  close(): void
}

/** A {@link JwtTokenAuthenticator} that also accepts tokens that are already parsed. */
export interface IssuedTokenAuthenticator extends JwtTokenAuthenticator {
  authenticateIssued(token: IssuedToken, context: Context): Awaitable<Authentication | undefined>
}

/** Options of {@link jwtAuthenticator}. */
export interface JwtAuthenticatorOptions {
  readonly fetch: GetFetch
  readonly clock: Clock
  readonly timeoutSeconds: number
  readonly algorithms: readonly JwsAlgorithm[]
  readonly kinds: TokenKinds
  readonly isEager: boolean
  /** Whether only access tokens of RFC 9068 are accepted. Default `false`. */
  readonly accessTokens?: boolean
  /** Default: no scopes. */
  readonly scopesClaim?: string
  /** Default: the keys found by discovery. */
  readonly keySet?: KeySet
  readonly observer?: Observer | undefined
}

/**
 * Authenticates the tokens of one issuer.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`AuthenticateToken`).
 */
export function jwtAuthenticator(
  compiled: CompiledJwtAuthenticator,
  options: JwtAuthenticatorOptions,
): IssuedTokenAuthenticator {
  const { issuer, claimMappings } = compiled.config
  const { algorithms, clock, kinds, observer } = options
  const { groups } = claimMappings
  if (groups.claim !== '' && (groups.prefix ?? '') === '') {
    notify(observer, { type: 'fileNotice', file: issuer.url, notice: NO_GROUPS_PREFIX })
  }
  const rules = { audiences: issuer.audiences, algorithms, clock }
  const onFetch = (result: { readonly jwks: string } | { readonly error: Error }): void =>
    notify(observer, { type: 'jwksFetch', issuer: issuer.url, ...result })
  const onDiscovery = (error: Error | undefined): void =>
    notify(observer, {
      type: 'issuerDiscovery',
      issuer: issuer.url,
      ...(error !== undefined && { error }),
    })
  const found =
    options.keySet === undefined
      ? provider(issuer, { ...options, onFetch, onDiscovery })
      : knownKeys(options.keySet)
  const { claim } = groups
  const elsewhere =
    claim === ''
      ? undefined
      : distributedClaims({ ...options, claim, rules, issuer: issuer.url, provider: found })

  const authenticate = (jwt: UnverifiedJwt | undefined, context: Context): Awaitable<Authentication> =>
    andThen(found.keySet(), (keySet) => {
      if (jwt === undefined) throw rejected('oidc: verify token: oidc: malformed jwt')
      return settle(
        () => verifyToken(jwt, keySet, rules),
        (registered) => userOf(jwt, registered, context),
        (error) => {
          throw wrapped('oidc: verify token', error)
        },
      )
    })

  const userOf = (
    jwt: UnverifiedJwt,
    registered: RegisteredClaims,
    context: Context,
  ): Awaitable<Authentication> =>
    andThen(checkKind(jwt, kinds, context), () => {
      const { claims } = jwt
      const all = elsewhere === undefined ? claims : elsewhere.expand(claims, registered, context)
      return andThen(all, (expanded) => {
        const user = userOfClaims(compiled, expanded, further(expanded))
        checkRules(compiled, expanded, user)
        const { issuedAt, expiry } = registered
        return {
          user,
          expiresAtMs: expiry * 1000,
          ...(issuedAt !== undefined && { issuedAtMs: issuedAt * 1000 }),
        }
      })
    })

  const further = (claims: JsonObject): UserExtra | undefined => {
    const { accessTokens = false, scopesClaim } = options
    if (scopesClaim === undefined) return undefined
    return accessTokens ? extraOfAccessToken(claims, scopesClaim) : scopesOfClaim(claims, scopesClaim)
  }

  const authenticateIssued = (
    { issuer: iss, jwt }: IssuedToken,
    context: Context,
  ): Awaitable<Authentication | undefined> =>
    issuerNamed(iss) === issuer.url
      ? timed(issuer.url, context.observer, () => authenticate(jwt, context))
      : undefined

  // The discovery URL for clients, which may differ from the one used here.
  const openIdConnectUrl = discoveryUrlOf({ ...issuer, discoveryURL: '' })
  const known: readonly KnownCredential[] = [
    { type: 'token', format: 'JWT', ...(options.keySet === undefined && { openIdConnectUrl }) },
  ]

  return {
    name: 'oidc',
    mayKnow(token) {
      const issued = readIssuedToken(token)
      return issued !== undefined && issuerNamed(issued.issuer) === issuer.url
    },
    known: () => known,
    authenticateToken(token, context) {
      const issued = readIssuedToken(token)
      return issued && authenticateIssued(issued, context)
    },
    authenticateIssued,
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

/** As in Kubernetes, but an author of a configuration rarely intends it. */
const NO_GROUPS_PREFIX: FileNotice = {
  severity: 'advice',
  code: 'noGroupsPrefix',
  message:
    'the groups of its tokens have no prefix, so this issuer can put users into every group, also into system:masters: set ' +
    "groupsPrefix (in an AuthenticationConfiguration claimMappings.groups.prefix, as a flag --oidc-groups-prefix), for example to 'oidc:'",
}

/** The most frequent error. It contains nothing about the token, so one instance is shared. */
function knownKeys(keySet: KeySet): ReturnType<typeof provider> {
  return {
    error: undefined,
    ready: Promise.resolve(),
    keySet: () => keySet,
    close: () => {},
  }
}

function timed<T>(issuer: string, observer: Observer | undefined, work: () => Awaitable<T>): Awaitable<T> {
  if (observer === undefined) return work()
  const start = performance.now()
  const tell = (result: 'success' | 'failure'): void =>
    notify(observer, {
      type: 'jwtAuthenticator',
      issuer,
      result,
      durationSeconds: (performance.now() - start) / 1000,
    })
  return settle(
    work,
    (value) => {
      tell('success')
      return value
    },
    (error) => {
      tell('failure')
      throw error
    },
  )
}
