import type { Clock } from '@kube-authn/core'
import { isObject, memberOf } from '@kube-authn/core/internal'
import type { HttpFetch } from '@kube-authn/node'
import { isToken, type OidcProvider } from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import type { CredentialSource } from '../authenticated-fetch.ts'
import { refreshedTokens, type RefreshedTokens } from './refresh.ts'

/** The tokens of a login. An absent one is empty. */
export interface ProviderTokens {
  readonly idToken: string
  readonly refreshToken: string
}

/** Where the tokens are kept. */
export interface TokenStore {
  /**
   * Runs `work` while no other process renews these tokens, with those that are kept now.
   *
   * @throws {Failure} if tokens could not be written.
   */
  exclusively<T>(work: (kept: ProviderTokens) => Promise<T>): Promise<T>
  write(tokens: RefreshedTokens): Promise<void>
}

/** Options of {@link oidcSource}. */
export interface OidcSourceOptions {
  readonly provider: OidcProvider
  /** Calls the issuer. */
  readonly fetch: HttpFetch
  readonly store: TokenStore
  readonly clock: Clock
}

/**
 * The ID token of an OpenID Connect provider, renewed with its refresh token ten seconds before it expires. New tokens are used once they are written. One
 * renewal runs at a time, also among processes.
 *
 * Source: client-go `plugin/pkg/client/auth/oidc/oidc.go`.
 */
export function oidcSource({ provider, fetch, store, clock }: OidcSourceOptions): CredentialSource {
  let tokens: ProviderTokens = provider
  let renewing: Promise<ProviderTokens> | undefined

  const isFresh = ({ idToken }: ProviderTokens): boolean =>
    idToken !== '' && isFreshIdToken(idToken, clock.now())

  const renew = async (): Promise<ProviderTokens> => {
    if (tokens.refreshToken === '') {
      throw new Failure('No valid id-token, and cannot refresh without refresh-token')
    }
    tokens = await store.exclusively(async (kept) => {
      // Another process may have renewed them meanwhile.
      if (kept.idToken !== tokens.idToken && isFresh(kept)) return kept
      const refreshToken = kept.refreshToken === '' ? tokens.refreshToken : kept.refreshToken
      const renewed = await refreshedTokens(provider, refreshToken, fetch)
      await persisted(store.write(renewed))
      return { refreshToken, ...renewed }
    })
    return tokens
  }

  return {
    async current() {
      if (renewing === undefined && isFresh(tokens)) return { token: tokens.idToken }
      renewing ??= renew().finally(() => {
        renewing = undefined
      })
      return { token: (await renewing).idToken }
    },
    // A server that refuses a token does not get it again: the next one comes when it expires.
    refused: () => Promise.resolve(),
  }
}

async function persisted(writing: Promise<void>): Promise<void> {
  try {
    await writing
  } catch (error) {
    const why = error instanceof Failure ? `: ${error.message}` : ''
    throw new Failure(`could not persist new tokens${why}`, { cause: error })
  }
}

/** A token that expires on its way would be refused. */
const EARLY_MS = 10_000

/**
 * Whether an ID token is valid for more than ten seconds. Its signature is not checked: that is for the server.
 *
 * Source: client-go `plugin/pkg/client/auth/oidc/oidc.go` (idTokenExpired), also of the messages.
 *
 * @throws {Failure} if it is malformed.
 */
export function isFreshIdToken(idToken: string, nowMs: number): boolean {
  const [, payload = '', ...rest] = idToken.split('.')
  if (rest.length !== 1 || !isToken(idToken)) throw new Failure('ID Token is not a valid JWT')
  return nowMs + EARLY_MS < expiryIn(payload) * 1000
}

/** In seconds; `-Infinity` if there is none. */
function expiryIn(payload: string): number {
  if (!/^[\w-]*$/.test(payload) || payload.length % 4 === 1) {
    throw new Failure('ID Token is not a valid JWT: illegal base64 data')
  }
  const claims = parsed(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims !== null && !isObject(claims)) throw new Failure('parsing claims: they must be an object')
  if (claims === null || !Object.hasOwn(claims, 'exp')) return -Infinity
  const exp = memberOf(claims, 'exp')
  // A string is taken too, if it is a number of JSON.
  const text = typeof exp === 'string' ? exp : typeof exp === 'number' ? String(exp) : ''
  const seconds = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN
  if (!Number.isFinite(seconds)) throw new Failure('parsing claims: exp must be a number')
  return Math.trunc(seconds)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new Failure('parsing claims: they are not JSON')
  }
}
