import type {
  Authentication,
  KnownCredential,
  TokenAuthenticator,
} from '../../authenticator/authenticator.ts'
import { andThen, type Awaitable, settle } from '../../internal/awaitable.ts'
import type { CompiledJwtAuthenticator, Issuer } from './configuration/config.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import type { FileNotice, Observer } from '../../authenticator/events.ts'
import type { JwsAlgorithm } from '../jwt/algorithms.ts'
import type { KeySet } from '../jwt/key-set.ts'
import { type IssuedToken, readIssuedToken, type UnverifiedJwt } from '../jwt/read-jwt.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { JsonObject } from '../../internal/objects.ts'
import { extraOfAccessToken, scopesOfClaim } from './access-token.ts'
import { checkRules, userOfClaims } from './claim-mappings.ts'
import { distributedClaims } from './distributed-claims.ts'
import { type DiscoveryOptions, discoveryUrlOf, provider, type Provider } from './provider.ts'
import { checkKind, type TokenKinds } from './token-kind.ts'
import { issuerNamed, type RegisteredClaims, verifyToken, wrapped } from './verify-token.ts'

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

export interface JwtAuthenticatorOptions extends DiscoveryOptions {
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
  const { groups } = claimMappings
  if (groups.claim !== '' && (groups.prefix ?? '') === '') {
    notify(options.observer, { type: 'fileNotice', file: issuer.url, notice: NO_GROUPS_PREFIX })
  }
  const found = providerOf(issuer, options)
  const authenticate = authenticating(compiled, options, found)
  const authenticateIssued: IssuedTokenAuthenticator['authenticateIssued'] = (
    { issuer: iss, jwt },
    context,
  ) =>
    issuerNamed(iss) === issuer.url
      ? timed(issuer.url, context.observer, () => authenticate(jwt, context))
      : undefined

  // The discovery URL for clients, which may differ from the one used here.
  const discovery = { openIdConnectUrl: discoveryUrlOf({ ...issuer, discoveryURL: '' }) }
  const known: readonly KnownCredential[] = [
    { type: 'token', format: 'JWT', issuers: [issuer.url], ...(options.keySet === undefined && discovery) },
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

/** The keys of the issuer: the given ones, or those that discovery finds. */
function providerOf(issuer: Issuer, options: JwtAuthenticatorOptions): Provider {
  const { keySet, observer } = options
  if (keySet !== undefined) {
    return { error: undefined, ready: Promise.resolve(), keySet: () => keySet, close: () => {} }
  }
  const { url } = issuer
  return provider(issuer, {
    ...options,
    onFetch: (result) => notify(observer, { type: 'jwksFetch', issuer: url, ...result }),
    onDiscovery: (error) =>
      notify(observer, { type: 'issuerDiscovery', issuer: url, ...(error !== undefined && { error }) }),
  })
}

/** Verifies a token, then its kind, and then maps its claims. */
function authenticating(
  compiled: CompiledJwtAuthenticator,
  options: JwtAuthenticatorOptions,
  found: Provider,
): (jwt: UnverifiedJwt | undefined, context: Context) => Awaitable<Authentication> {
  const { issuer, claimMappings } = compiled.config
  const { claim } = claimMappings.groups
  const { accessTokens = false, scopesClaim } = options
  const extraOf = accessTokens ? extraOfAccessToken : scopesOfClaim
  const rules = { audiences: issuer.audiences, algorithms: options.algorithms, clock: options.clock }
  const expand =
    claim === ''
      ? undefined
      : distributedClaims({ ...options, claim, rules, issuer: issuer.url, provider: found })

  const authenticationOf = (claims: JsonObject, { expiry, issuedAt }: RegisteredClaims): Authentication => {
    const further = scopesClaim === undefined ? undefined : extraOf(claims, scopesClaim)
    const user = userOfClaims(compiled, claims, further)
    checkRules(compiled, claims, user)
    return {
      user,
      expiresAtMs: expiry * 1000,
      ...(issuedAt !== undefined && { issuedAtMs: issuedAt * 1000 }),
    }
  }
  const mapped = (jwt: UnverifiedJwt, registered: RegisteredClaims, context: Context) =>
    andThen(checkKind(jwt, options.kinds, context), () =>
      andThen(expand === undefined ? jwt.claims : expand(jwt.claims, registered, context), (claims) =>
        authenticationOf(claims, registered),
      ),
    )

  return (jwt, context) =>
    andThen(found.keySet(), (keySet) => {
      if (jwt === undefined) throw rejected('oidc: verify token: oidc: malformed jwt')
      return settle(
        () => verifyToken(jwt, keySet, rules),
        (registered) => mapped(jwt, registered, context),
        (error) => {
          throw wrapped('oidc: verify token', error)
        },
      )
    })
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
