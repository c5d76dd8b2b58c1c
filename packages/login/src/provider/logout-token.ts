import type { AuthorizationServer } from 'oauth4webapi'
import { isObject, memberOf, RecentMap } from '@kube-authn/core/internal'
import { JWS_ALGORITHMS, type KeySet, readJwt, remoteKeySet, verifyToken } from '@kube-authn/core/oidc'
import { LoginFailure } from '../login-failure.ts'
import { isHttps } from './authorization-url.ts'
import { providerStep } from './failures.ts'
import { getFetch } from './bounded-fetch.ts'
import type { Provider } from './provider.ts'

/** Whose sessions a logout token ends: one session of the provider, or all those of a subject. */
export type LoggedOut = { readonly provider: string } & WhoseSessions

type WhoseSessions = { readonly providerSession: string } | { readonly subject: string }

/** Checks a logout token and ends what it names. After that it does not count again. @throws {LoginFailure} if it is not good. */
export type UseLogoutToken = (token: string, end: (which: LoggedOut) => Promise<unknown>) => Promise<void>

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** `typ` of a logout token. Not all providers set it, so the type of any JWT counts too: `events` tells it from an id token. */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'logout+jwt', 'application/logout+jwt', 'jwt'])
/** A logout token is sent at once, so an older one is a replay. */
const MAX_AGE_MS = 600_000
const MAX_FUTURE_MS = 60_000
const MAX_USED = 10_000

/**
 * Verifies logout tokens of a provider: `typ`, the algorithm, the signature, `iss`, `aud`, `exp`, `iat`, `jti`, `events`, no `nonce`, and `sub` or `sid`. A token counts
 * once.
 *
 * Source: OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6.
 *
 * A token without `typ` counts, since providers leave it out. One that is older than ten minutes does not.
 */
export function logoutTokens(provider: Provider): UseLogoutToken {
  const { clock, options, fetch, timeoutSeconds } = provider
  const used = new RecentMap<number>(MAX_USED)
  let keys: { readonly url: string; readonly set: KeySet } | undefined

  const keySetAt = (url: string): KeySet => {
    if (!isHttps(url)) throw new LoginFailure('badAnswer', `${options.issuer} has no https jwks_uri`)
    if (keys?.url !== url)
      keys = { url, set: remoteKeySet({ url, fetch: getFetch(fetch), clock, timeoutSeconds }) }
    return keys.set
  }

  return async (token, end) => {
    const jwt = readJwt(token)
    if (jwt === undefined || jwt.issuer !== options.issuer) throw refused('is not a JWT from the provider')
    const { type, claims } = jwt
    if (!TYPES.has(typeof type === 'string' ? type.toLowerCase() : type)) throw refused('has the wrong type')
    const { issuedAt } = await providerStep(options.issuer, async () => {
      const server = await provider.server()
      const rules = { audiences: [options.clientId], algorithms: idTokenAlgorithms(server), clock }
      return verifyToken(jwt, keySetAt(server.jwks_uri ?? ''), rules)
    })
    if (issuedAt === undefined) throw refused('has no iat')
    const ageMs = clock.now() - issuedAt * 1000
    if (ageMs > MAX_AGE_MS || ageMs < -MAX_FUTURE_MS) throw refused('was not issued just now')
    if (!isObject(memberOf(memberOf(claims, 'events'), EVENT))) throw refused('has no logout event')
    if (Object.hasOwn(claims, 'nonce')) throw refused('has a nonce')
    const which = whoseSessions(claims)
    const tokenId = memberOf(claims, 'jti')
    if (typeof tokenId !== 'string' || tokenId === '') throw refused('has no jti')
    if (used.get(tokenId) !== undefined) throw refused('was used before')
    await end({ provider: provider.name, ...which })
    used.set(tokenId, issuedAt)
  }
}

/** Those of the provider's id tokens, which count for logout tokens too (section 2.6). */
function idTokenAlgorithms({
  id_token_signing_alg_values_supported: offered = ['RS256'],
}: AuthorizationServer): readonly (typeof JWS_ALGORITHMS)[number][] {
  return JWS_ALGORITHMS.filter((algorithm) => offered.includes(algorithm))
}

/** A token with `sid` is about that session only (section 2.6). */
function whoseSessions(claims: object): WhoseSessions {
  const [subject, session] = [memberOf(claims, 'sub'), memberOf(claims, 'sid')]
  if (typeof session === 'string' && session !== '') return { providerSession: session }
  if (typeof subject === 'string' && subject !== '') return { subject }
  throw refused('has neither sub nor sid')
}

function refused(why: string): LoginFailure {
  return new LoginFailure('expired', `the logout token ${why}`)
}
