import { ConfigurationError, type TokenAuthenticator } from '@kube-authn/core'
import { defined } from '@kube-authn/core/internal'
import { oidc } from '@kube-authn/core/oidc'
import { revocationList, type Revocations } from '@kube-authn/core/revocation'
import type { WebLoginOptions } from './options.ts'
import { getFetch } from './provider/bounded-fetch.ts'
import type { Provider } from './provider/provider.ts'
import { cookieSessions } from './sessions/cookie-sessions.ts'
import type { SessionKeeper } from './sessions/session-keeper.ts'

/**
 * The default of `tokens`: an `oidc(...)` for each provider, with the client id as its audience. Discovery begins with the first token.
 *
 * @throws {ConfigurationError} with the paths of the login's options.
 */
export function defaultTokens(
  providers: readonly Provider[],
  { providers: several }: Pick<WebLoginOptions, 'providers'>,
): readonly TokenAuthenticator[] {
  return providers.map(({ options, fetch, clock, timeoutSeconds }, index) => {
    const { issuer, clientId, signingAlgorithms } = options
    const { usernameClaim, usernamePrefix, groupsClaim, groupsPrefix, requiredClaims } = options
    const words = { usernameClaim, usernamePrefix, groupsClaim, groupsPrefix, requiredClaims }
    try {
      return oidc({
        issuer,
        audience: clientId,
        fetch: getFetch(fetch),
        clock,
        timeoutSeconds,
        discoverAtOnce: false,
        ...defined({ signingAlgorithms, ...words }),
      })
    } catch (error) {
      if (several === undefined || !(error instanceof ConfigurationError)) throw error
      const problems = error.problems.map(({ path, message }) => ({
        path: `providers[${index}].${path}`,
        message,
      }))
      throw new ConfigurationError(problems, { cause: error })
    }
  })
}

/**
 * Where sessions are kept, and what the chain asks for revocations. The default of `sessions`: sealed cookies of this origin. A session that ends is revoked with its id token, which the chain would accept as a bearer token
 * otherwise.
 */
export function keptSessions(options: WebLoginOptions): {
  readonly sessions: SessionKeeper
  readonly revocations: Revocations | undefined
} {
  const { keys, publicUrl, clock, sessions } = options
  if (sessions !== undefined) return { sessions, revocations: options.revocations }
  const { revocations = revocationList(defined({ clock })) } = options
  return {
    sessions: cookieSessions({
      keys,
      application: publicUrl,
      allowInsecureHttp: new URL(publicUrl).protocol === 'http:',
      ended: revocations,
      revocations,
      ...defined({ clock }),
    }),
    revocations,
  }
}
