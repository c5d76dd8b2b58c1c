import { type Clock, unavailable } from '@kube-authn/core'
import { aRevocationSource, aString, must, RecentMap, systemClock } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { revocationList } from '@kube-authn/core/revocation'
import { cookieJar, type CookieOptions, cookieShape } from './cookie-jar.ts'
import { type EndedSessions, sessionEnds } from './ended-sessions.ts'
import { type LifetimeOptions, type Lifetimes, lifetimeShape, sessionLifetimes } from './lifetimes.ts'
import { type IdTokenOptions, idTokenShape } from './revoked-id-tokens.ts'
import { sealer } from './seal.ts'
import { continueSession, newSession, parseSession, serializeSession } from './session.ts'
import type { OpenedSession, Session, SessionKeeper } from './session-keeper.ts'
import { sessionKeyBytes, someSessionKeys } from './session-keys.ts'
import { REFRESH_TIMEOUT_MS, sharedOutcome } from './shared-refresh.ts'

/** Options of {@link cookieSessions}. */
export interface CookieSessionsOptions extends LifetimeOptions, CookieOptions, IdTokenOptions {
  /**
   * Keys of 32 random bytes in base64, as of `openssl rand -base64 32`. The first one seals, and all of them open. To change the key, put the new one last on all replicas,
   * then first, and remove the old one after the longest life of a session.
   */
  readonly keys: readonly string[]
  /** A name of the app, which other apps with the same keys must not have: they cannot read its sessions then. Default `''`. */
  readonly application?: string
  /**
   * Into how many cookies a session may be split, 1 to 3. Two hold 6,100 bytes, so that with the attempts to log in, 2,048 bytes, they fit into the 8 KiB that most servers accept.
   * Three hold 12 KiB, and need servers that accept 15 KiB. Default 2.
   */
  readonly maxCookies?: number
  /**
   * The sessions that have ended: a copy of a cookie would live on otherwise. Without a method `set`, such as a function, the app must record ended sessions itself,
   * and `endWhere` fails. Default: a list in memory, which other processes do not know.
   */
  readonly ended?: EndedSessions
}

const shape: OptionsShape<CookieSessionsOptions> = {
  ...lifetimeShape,
  ...cookieShape,
  ...idTokenShape,
  keys: required(someSessionKeys),
  application: aString,
  maxCookies: must('must be 1, 2 or 3', (value) => value === 1 || value === 2 || value === 3),
  ended: aRevocationSource,
}

/** The format of what is sealed. */
const VERSION = 1
/** How long and how many replaced sessions are remembered, while browsers still send the cookie of before. */
const REMEMBERED_MS = 60_000
const MAX_REMEMBERED = 1000
const MAX_USED = 10_000

/**
 * Sessions in sealed cookies: nothing is kept at the server but a list of the sessions that have ended.
 *
 * A sealed session is bound to the name of the cookie and to the application. A cookie that was changed, cut, mixed from several, or sealed by an unknown key is no session.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const sessions = cookieSessions({ keys: [process.env.SESSION_KEY] })
 */
export function cookieSessions(options: CookieSessionsOptions): SessionKeeper {
  checkOptions(shape, options)
  const clock = options.clock ?? options.ended?.clock ?? systemClock
  const lifetimes = sessionLifetimes({ ...options, clock })
  const { ended = revocationList({ clock }), revocations } = options
  const ends = sessionEnds(ended, revocations, lifetimes)
  const cookie = sealedCookie(options, lifetimes)
  const replaced = replacedSessions(clock)
  const share = sharedOutcome<OpenedSession | undefined>(clock, REFRESH_TIMEOUT_MS)

  const keeper: SessionKeeper = {
    cookieNames: cookie.names,
    refreshesOnce: false,
    revokesIdTokens: revocations !== undefined,

    async begin(content, before) {
      if (before !== undefined) await keeper.end(before)
      const session = newSession(content, lifetimes)
      if (await ends.hasEnded(session)) {
        throw unavailable('the user has just been logged out', { retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      ends.sees(content)
      return cookie.write(session)
    },

    async find(cookieHeader) {
      const session = await cookie.read(cookieHeader)
      if (session === undefined) return undefined
      // While its end is not known, neither is the time of the store.
      if ((await ends.hasEnded(session)) || lifetimes.isOver(session)) return undefined
      ends.sees(session.content)
      return replaced.newest(session)
    },

    async replace(session, content) {
      const next = {
        ...session,
        content: continueSession(session.content, content),
        version: session.version + 1,
        seenAtMs: clock.now(),
      }
      if (lifetimes.isOver(session) || (await ends.hasEnded(next))) return undefined
      const opened = await cookie.write(next)
      const known = replaced.newest(session)
      if (known.version > session.version) return cookie.write(known)
      replaced.add(next)
      return opened
    },

    refresh: (session, renew) =>
      share(session.digest, async () => {
        const known = replaced.newest(session)
        if (known.version > session.version) return cookie.write(known)
        return keeper.replace(session, await renew(session.content))
      }),

    async touch(session) {
      if (!lifetimes.isDue(session) || lifetimes.isOver(session)) return []
      return (await cookie.write({ ...replaced.newest(session), seenAtMs: clock.now() })).setCookies
    },

    async end(session) {
      if (session !== undefined) {
        await ends.end(replaced.newest(session))
        replaced.delete(session)
      }
      return cookie.clear()
    },

    async endWhere(selector, { isProven } = { isProven: true }) {
      await ends.endWhere(selector, isProven)
      return undefined
    },

    useOnce: useOnceHere(clock),
    watch: ends.watch,
  }
  return keeper
}

const RETRY_AFTER_SECONDS = 10

/** A cookie, or a few, with a whole session. */
function sealedCookie(options: CookieSessionsOptions, lifetimes: Lifetimes) {
  const { cookieName = 'session', allowInsecureHttp = false, application = '', maxCookies = 2 } = options
  const jar = cookieJar({ cookieName, allowInsecureHttp, maxCookies })
  const context = ['session cookie', VERSION, jar.name, application]
  const { seal, unseal } = sealer(options.keys.map(sessionKeyBytes), context)
  return {
    names: jar.names,
    clear: () => jar.clear(),
    async read(header: string | null | undefined): Promise<Session | undefined> {
      const sealed = jar.read(header)
      const text = sealed === undefined ? undefined : await unseal(sealed)
      return text === undefined ? undefined : parseSession(text)
    },
    async write(session: Session): Promise<OpenedSession> {
      const sealed = await seal(serializeSession(session))
      return { session, setCookies: jar.write(sealed, lifetimes.remainingMs(session)) }
    },
  }
}

/** The content of sessions that was replaced a moment ago: other requests of the browser still have the cookie of before. */
function replacedSessions(clock: Clock) {
  const replaced = new RecentMap<{ readonly session: Session; readonly untilMs: number }>(MAX_REMEMBERED)
  return {
    add(session: Session): void {
      replaced.set(session.digest, { session, untilMs: clock.now() + REMEMBERED_MS })
    },
    /** The session with the content that has replaced its own. */
    newest(session: Session): Session {
      const known = replaced.get(session.digest)
      if (known === undefined || known.untilMs <= clock.now()) return session
      const { content, version } = known.session
      return version > session.version ? { ...session, content, version } : session
    },
    delete(session: Session): void {
      replaced.delete(session.digest)
    },
  }
}

/** Counts in this process only. */
function useOnceHere(clock: Clock): SessionKeeper['useOnce'] {
  const used = new RecentMap<number>(MAX_USED)
  return function useOnce(id, lifetimeMs) {
    const nowMs = clock.now()
    const isFirst = (used.get(id) ?? -Infinity) <= nowMs
    if (isFirst) used.set(id, nowMs + lifetimeMs)
    return Promise.resolve(isFirst)
  }
}
