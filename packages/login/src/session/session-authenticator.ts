import {
  type Authentication,
  type AuthenticationError,
  type Authenticator,
  type HeaderChanges,
  rejected,
  unavailable,
  userInfo,
} from '@kube-authn/core'
import {
  type CredentialRevocation,
  crossSiteRejection,
  type Watch,
  watchAny,
} from '@kube-authn/core/internal'
import { CREDENTIAL_ID_KEY } from '@kube-authn/core/service-account'
import type { LoginParts } from '../routes/route.ts'
import { sessionCredentialId } from '../sessions/ended-sessions.ts'
import type { Session, SessionContent, SessionKeeper } from '../sessions/session-keeper.ts'
import type { Renewal } from './renewal.ts'
import { BOUND_ELSEWHERE, requestSession } from './request-session.ts'

/**
 * Authenticates the session of a request. The id token in it is verified by the token authenticators of the chain, so that the user is the same as with
 * the token itself. `SESSION=` and the digest of the session is a further id of the credential, for revocations.
 *
 * Without a session it has no opinion. A session does not count for requests of other sites. Its cookies never reach the application, whichever
 * authenticator accepts the request.
 */
export function sessionAuthenticator(
  { sessions, tokens, clock, crossSiteRefusal }: LoginParts,
  isRefused: Renewal['isRefused'],
): Authenticator {
  const consumed: HeaderChanges = Object.freeze({ remove: [], removeCookies: sessions.cookieNames })
  return {
    name: 'session',
    credentials: {
      schemes: [],
      identityHeaders: [() => consumed],
      known: [() => [{ type: 'header', name: 'Cookie' }]],
    },
    async authenticate(request, context) {
      const session = await requestSession(sessions, request)
      if (session === undefined) return undefined
      if (session === BOUND_ELSEWHERE) {
        throw rejected('the session began on a connection with another client certificate')
      }
      const { content } = session
      if (content.expiresAtMs <= clock.now()) throw expired(content, isRefused(session))
      const why = await crossSiteRefusal(request, session, context.trustedOrigins)
      if (why !== undefined) throw crossSiteRejection(`the session does not count: ${why}`)
      const answer = await tokens.authenticateToken(content.idToken, context)
      if (answer === undefined)
        throw rejected('no token authenticator knows the issuer of the id token of the session')
      return { ...sessionUser(session, answer, sessions), consumed }
    },
  }
}

function sessionUser(
  session: Session,
  { user, expiresAtMs, issuedAtMs, audiences, revocation }: Authentication,
  { watch }: SessionKeeper,
): Authentication {
  const ids = [...(user.extra[CREDENTIAL_ID_KEY] ?? []), sessionCredentialId(session)]
  return {
    user: userInfo({ ...user, extra: { ...user.extra, [CREDENTIAL_ID_KEY]: ids } }),
    expiresAtMs: Math.min(expiresAtMs ?? session.content.expiresAtMs, session.endsAtMs),
    // A new id token does not make the login a later one, so what revokes all that was issued before ends the session for good.
    issuedAtMs: Math.min(issuedAtMs ?? session.startedAtMs, session.startedAtMs),
    ...(audiences !== undefined && { audiences }),
    revocation: sessionRevocation((onEnded) => watch(session, onEnded), revocation),
  }
}

/**
 * A session that the provider ended is not found any more, or its renewal was refused. Another one with a refresh token is still here because the provider could not
 * be reached.
 */
function expired({ refreshToken }: SessionContent, isRefused: boolean): AuthenticationError {
  return refreshToken === undefined || isRefused
    ? rejected('the id token of the session has expired')
    : unavailable('the id token of the session has expired, and the provider has not issued a new one yet')
}

/** Ends with a session, which was there when it was found for this request, and with what else ends its credential. */
function sessionRevocation(watch: Watch, besides: CredentialRevocation | undefined): CredentialRevocation {
  return {
    isRevoked: () => besides?.isRevoked() ?? false,
    watch: (onRevoked) => watchAny([watch, (end) => besides?.watch(end)], onRevoked),
    actingAs: (user) => sessionRevocation(watch, besides?.actingAs(user)),
  }
}
