import type { Clock } from '@kube-authn/core'
import type { HttpFetch } from '@kube-authn/node'
import type { OidcProvider } from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import type { CredentialSource } from '../credential-source.ts'
import { isFreshIdToken } from './id-token.ts'
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
