import { isAuthenticationError, RecentMap } from '@kube-authn/core/internal'
import { LoginFailure } from '../login-failure.ts'
import { acceptedUser, refreshedTokens, SESSION_OVER } from '../provider/tokens.ts'
import type { LoginParts } from '../routes/route.ts'
import type { Session, SessionContent } from '../sessions/session-keeper.ts'

/** Renews sessions before their id tokens expire. */
export interface Renewal {
  /** Returns values of `Set-Cookie`, mostly none. It rejects only if the keeper of the sessions cannot be used. */
  renew(this: void, session: Session): Promise<readonly string[]>
  /** Whether the provider has refused to renew this session, of which another replica may have the next content. */
  isRefused(this: void, session: Session): boolean
}

/** How many refused sessions are remembered, so that the provider is not asked again. */
const MAX_REFUSED = 10_000

/**
 * Fetches a new id token before the old one ends, once for all simultaneous requests of a session.
 *
 * A session ends if the provider says that it is over. If another replica may have been faster, it is left as it is: the browser may have its answer already, and
 * without one the session is of no use once its id token has ended. If the provider cannot be reached, it stays until its id token ends.
 *
 * Source: OpenID Connect Core 1.0 section 12.
 *
 * @param refreshBeforeSeconds how long before the end of an id token a new one is fetched.
 * @param onFailure is told why a session was not renewed or has ended.
 */
export function sessionRenewal(
  { sessions, providers, tokens, clock }: LoginParts,
  refreshBeforeSeconds: number,
  onFailure: (failure: LoginFailure) => void,
): Renewal {
  /** The versions of sessions by their digests. */
  const refused = new RecentMap<number>(MAX_REFUSED)
  const isRefused = ({ digest, version }: Session): boolean => refused.get(digest) === version

  const renewed = async (content: SessionContent): Promise<SessionContent> => {
    const { provider: name, refreshToken, subject, username } = content
    const provider = providers.get(name)
    if (provider === undefined) throw new SessionOver(`the provider ${name} is no longer configured`)
    if (refreshToken === undefined) throw new SessionOver('the provider issued no refresh token')
    const fresh = await refreshedTokens(provider, refreshToken)
    if (fresh === SESSION_OVER)
      throw new SessionOver(`the session at ${provider.options.issuer} is over`, !sessions.refreshesOnce)
    if (fresh.subject !== subject) throw new SessionOver('the new id token has another subject')
    const accepted = await acceptedUser(tokens, fresh.idToken)
    if ('refusal' in accepted) throw new SessionOver(accepted.refusal)
    if (accepted.username !== username) throw new SessionOver('the new id token names another user')
    return { ...content, ...fresh }
  }

  const renew = async (session: Session): Promise<readonly string[]> => {
    const { expiresAtMs, refreshToken } = session.content
    const remainingMs = expiresAtMs - clock.now()
    if (remainingMs > refreshBeforeSeconds * 1000) return sessions.touch(session)
    // Without a refresh token a session lasts as long as its id token.
    if (refreshToken === undefined && remainingMs > 0) return sessions.touch(session)
    if (isRefused(session)) return []
    try {
      const opened = await sessions.refresh(session, renewed)
      return opened === undefined ? await sessions.end(undefined) : opened.setCookies
    } catch (error) {
      if (error instanceof SessionOver) {
        const what = error.isRace ? 'a session ends with its id token' : 'a session has ended'
        onFailure(new LoginFailure('expired', `${what}: ${error.message}`))
        if (!error.isRace) return sessions.end(session)
        refused.set(session.digest, session.version)
        return []
      }
      if (!(error instanceof LoginFailure) && !isAuthenticationError(error)) throw error
      onFailure(new LoginFailure('unavailable', `a session was not renewed: ${error.message}`))
      return []
    }
  }

  return { renew, isRefused }
}

/** The session must end. */
class SessionOver extends Error {
  override readonly name = 'SessionOver'
  /** Whether another replica may have used the refresh token. */
  readonly isRace: boolean

  constructor(message: string, isRace = false) {
    super(message)
    this.isRace = isRace
  }
}
