import { aString, refuseProblems } from '@kube-authn/core/internal'
import { aNonEmptyString, checkOptions, type OptionsShape } from '@kube-authn/core/adapter'

/** The result of a login, which stays at the server. Nothing of it reaches a browser in clear. */
export interface SessionContent {
  /** The name of the provider in the configuration. */
  readonly provider: string
  /** The chain's own OpenID Connect authenticator verifies it again, so that a user is the same by browser and by kubectl. */
  readonly idToken: string
  readonly refreshToken?: string
  /** When the id token ends, in milliseconds since the epoch. */
  readonly expiresAtMs: number
  /** `sub` of the id token. */
  readonly subject: string
  /** `sid` of the id token. */
  readonly providerSession?: string
  /** The name of the user as the chain decided, for lists of sessions and for revocations. */
  readonly username: string
  /** The SHA-256 digest of the client certificate of the connection of the login: see `isBoundElsewhere`. */
  readonly certificate?: string
}

/** A session that is not over. */
export interface Session {
  /** 256 random bits in base64url. Anyone who knows it can act in the session, so it is in no log and in no list. */
  readonly id: string
  /** The SHA-256 digest of the id in hexadecimal. `SESSION=` and the digest is the id of the credential, for revocations. */
  readonly digest: string
  readonly content: SessionContent
  /** How often the content was replaced. */
  readonly version: number
  readonly startedAtMs: number
  /** When it ends by the absolute lifetime, however much it is used. */
  readonly endsAtMs: number
  /** The last use that was recorded. */
  readonly seenAtMs: number
}

/** The part of a session that an admin may see. */
export interface ListedSession extends Omit<Session, 'id' | 'content' | 'version'> {
  readonly provider: string
  readonly subject: string
  readonly username: string
}

/** A session, and the values of the `Set-Cookie` headers that tell the browser of it. */
export interface OpenedSession {
  readonly session: Session
  readonly setCookies: readonly string[]
}

/** Which sessions are meant: those that have every given member, and there must be one. */
export interface SessionSelector {
  readonly digest?: string
  readonly provider?: string
  readonly subject?: string
  readonly providerSession?: string
  readonly username?: string
}

/**
 * Where sessions are kept: {@link cookieSessions} or {@link storedSessions}.
 *
 * Every method rejects with an `AuthenticationError` `unavailable` if the answer cannot be known now.
 */
export interface SessionKeeper {
  /** The names of all its cookies, which an app must not see. */
  readonly cookieNames: readonly string[]
  /** Whether the id token of a session is revoked in the chain when the session ends. Default `false`. */
  readonly revokesIdTokens?: boolean
  /** Whether a refresh token is used once by all replicas. If not, a provider that refuses one may have answered another replica. */
  readonly refreshesOnce: boolean
  /**
   * Begins a session with a new id, whatever the browser has sent (session fixation).
   *
   * @param before the session that the browser had; it ends.
   * @throws {AuthenticationError} `unavailable` if the user or the provider's session was logged out seconds ago, or the session is too large for cookies.
   */
  begin(content: SessionContent, before?: Session): Promise<OpenedSession>
  /**
   * Finds the session of a request.
   *
   * @param cookieHeader the value of the `Cookie` header.
   * @returns `undefined` if there is none, it is over, or what the browser sent is damaged or ambiguous.
   */
  find(cookieHeader: string | null | undefined): Promise<Session | undefined>
  /**
   * Replaces the content. If another request or replica was faster, what it wrote stays and is returned.
   *
   * @returns `undefined` if the session has ended in the meantime.
   * @throws {AuthenticationError} `rejected` if the content is of another user of the provider.
   */
  replace(session: Session, content: SessionContent): Promise<OpenedSession | undefined>
  /**
   * Replaces the content by what `renew` returns, such as the answer to a refresh token. Simultaneous calls for a session share one call of `renew`, so that a refresh token
   * is used once: in a process, and with a store in all of them.
   *
   * @returns `undefined` if the session has ended in the meantime.
   * @throws whatever `renew` throws. The session stays then.
   */
  refresh(
    session: Session,
    renew: (content: SessionContent) => Promise<SessionContent>,
  ): Promise<OpenedSession | undefined>
  /** Records that the session is used. @returns values of `Set-Cookie`; none until a tenth of the idle time has passed. */
  touch(session: Session): Promise<readonly string[]>
  /** Ends a session. Without one it only returns the values of `Set-Cookie` that remove the cookies. */
  end(session: Session | undefined): Promise<readonly string[]>
  /**
   * Ends the selected sessions, and logins that are being completed: logout everywhere, back-channel logout, by an admin.
   *
   * @param origin whether the request is known to come from who may end them, as it is by default. Anyone may send a front-channel logout, so less is remembered of it.
   * @returns how many have ended; `undefined` if that cannot be known.
   * @throws {ConfigurationError} if nothing is selected, or this keeper cannot select it.
   * @throws {AuthenticationError} `unavailable`, even if only too many unproven logouts of sessions that are not known here were sent.
   */
  endWhere(selector: SessionSelector, origin?: { readonly isProven: boolean }): Promise<number | undefined>
  /**
   * Calls back once when the session has ended, so that what it has begun ends too: a watch, a tunnel, a stream. If it ends in this process, that is at once; see
   * the keeper about others. The longest life of a session is not told: it is known.
   *
   * @returns a function that stops waiting.
   */
  watch(this: void, session: Session, onEnded: () => void): () => void
  /**
   * Records that something is used: a login that is completed. With a store that counts on all replicas, otherwise in this process.
   *
   * @param id up to 100 letters, digits, `-` and `_`.
   * @param lifetimeMs how long it could be used again.
   * @returns whether this is the first time.
   */
  useOnce(id: string, lifetimeMs: number): Promise<boolean>
  /** The sessions that there are, in no order. Only with a store. */
  list?(selector: Pick<SessionSelector, 'username'>): Promise<readonly ListedSession[]>
}

const selectorShape: OptionsShape<SessionSelector> = {
  digest: aNonEmptyString,
  provider: aString,
  subject: aString,
  providerSession: aString,
  username: aString,
}

/** @throws {ConfigurationError} if it selects nothing, which must not mean everything. */
export function requireSelector(selector: SessionSelector): void {
  checkOptions(selectorShape, selector)
  if (Object.values(selector).some((value) => value !== undefined)) return
  refuseProblems([{ path: 'selector', message: 'must have a member' }])
}
