import { unavailable } from '@kube-authn/core'
import {
  aRevocationSource,
  aString,
  checkOptions,
  must,
  type OptionsShape,
  RecentMap,
  required,
} from '@kube-authn/core/internal/shared'
import { revocationList } from '@kube-authn/core/revocation'
import { cookieJar } from './cookie-jar.ts'
import { type CookieOptions, cookieShape } from './cookie-options.ts'
import { type EndedSessions, hasEnded, revocationOf, watchEnd } from './ended-sessions.ts'
import { type LifetimeOptions, lifetimeShape, sessionLifetimes } from './lifetimes.ts'
import { continued, newSession } from './new-session.ts'
import { REFRESH_TIMEOUT_MS } from './refresh-timeout.ts'
import {
  type IdTokenOptions,
  idTokenOf,
  idTokenShape,
  revokeBefore,
  revokeIdToken,
} from './revoked-id-tokens.ts'
import { open, seal, type SealingKey, sealingKey } from './seal.ts'
import { requireSelector } from './selector.ts'
import type { OpenedSession, Session, SessionKeeper } from './session-keeper.ts'
import { unprovenEnds } from './unproven-ends.ts'
import { bytesOfSessionKey, someSessionKeys } from './session-keys.ts'
import { sessionOfText, textOfSession } from './session.ts'
import { sharedOutcome } from './shared-outcome.ts'

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
   * What knows the sessions that have ended: a copy of a cookie would live on otherwise. Without a method `set`, such as a function, it must be told of them otherwise,
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
 * What is sealed is bound to the name of the cookie and to the application. A cookie that was changed, cut, mixed from several, or sealed by an unknown key is no session.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const sessions = cookieSessions({ keys: [process.env.SESSION_KEY] })
 */
export function cookieSessions(options: CookieSessionsOptions): SessionKeeper {
  checkOptions(shape, options)
  const { cookieName = 'session', allowInsecureHttp = false, application = '', maxCookies = 2 } = options
  const lifetimes = sessionLifetimes(options)
  const { clock } = lifetimes
  const { ended = revocationList({ clock }), revocations } = options
  const jar = cookieJar({ cookieName, allowInsecureHttp, maxCookies })
  const replaced = new RecentMap<{ readonly session: Session; readonly untilMs: number }>(MAX_REMEMBERED)
  const used = new RecentMap<number>(MAX_USED)
  const share = sharedOutcome<OpenedSession | undefined>(clock, REFRESH_TIMEOUT_MS)

  let derived: readonly SealingKey[] | undefined
  /** Derived in a request: some runtimes have no cryptography outside of them, and none waits for the work of another request. */
  const sealingKeys = async (): Promise<readonly SealingKey[]> => {
    derived ??= await Promise.all(
      options.keys.map((key) =>
        sealingKey(bytesOfSessionKey(key), ['session cookie', VERSION, jar.name, application]),
      ),
    )
    return derived
  }

  const opened = async (session: Session): Promise<OpenedSession> => {
    const [first] = await sealingKeys()
    if (first === undefined) throw unavailable('there is no key for sessions')
    const sealed = await seal(textOfSession(session), first)
    return { session, setCookies: jar.write(sealed, lifetimes.remainingMs(session)) }
  }

  /** With the content that another request has replaced it by. */
  const newest = (session: Session): Session => {
    const known = replaced.get(session.digest)
    if (known === undefined || known.untilMs <= clock.now()) return session
    const { content, version } = known.session
    return version > session.version ? { ...session, content, version } : session
  }

  const recordedMs = lifetimes.maxLifetimeMs + lifetimes.clockSkewMs
  const unproven = unprovenEnds(clock, recordedMs)

  const endBy = async (name: string, selector: Parameters<typeof revocationOf>[0]): Promise<boolean> => {
    const nowMs = clock.now()
    const revocation = { ...revocationOf(selector, nowMs), expiresAtMs: nowMs + recordedMs }
    if (typeof ended.set !== 'function') return false
    try {
      await ended.set(name, revocation)
    } catch (thrown) {
      throw unavailable('the end of a session could not be recorded', { cause: thrown })
    }
    return true
  }

  const keeper: SessionKeeper = {
    cookieNames: jar.names,
    refreshesOnce: false,
    revokesIdTokens: revocations !== undefined,

    async begin(content, before) {
      if (before !== undefined) await keeper.end(before)
      const session = await newSession(content, lifetimes)
      if (await hasEnded(ended, session)) {
        throw unavailable('the user has just been logged out', { retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      unproven.sees(content)
      return opened(session)
    },

    async find(cookieHeader) {
      const sealed = jar.read(cookieHeader)
      if (sealed === undefined) return undefined
      const text = await open(sealed, await sealingKeys())
      const session = text === undefined ? undefined : await sessionOfText(text)
      if (session === undefined || lifetimes.isOver(session) || (await hasEnded(ended, session)))
        return undefined
      unproven.sees(session.content)
      return newest(session)
    },

    async replace(session, content) {
      const next = {
        ...session,
        content: continued(session.content, content),
        version: session.version + 1,
        seenAtMs: clock.now(),
      }
      if (lifetimes.isOver(session) || (await hasEnded(ended, next))) return undefined
      const answer = await opened(next)
      const known = newest(session)
      if (known.version > session.version) return opened(known)
      replaced.set(session.digest, { session: next, untilMs: clock.now() + REMEMBERED_MS })
      return answer
    },

    refresh: (session, renew) =>
      share(session.digest, async () => {
        const known = newest(session)
        if (known.version > session.version) return opened(known)
        return keeper.replace(session, await renew(session.content))
      }),

    async touch(session) {
      if (!lifetimes.isDue(session) || lifetimes.isOver(session)) return []
      return (await opened({ ...newest(session), seenAtMs: clock.now() })).setCookies
    },

    async end(session) {
      if (session !== undefined) {
        await revokeIdToken(revocations, await idTokenOf(newest(session).content))
        await endBy(`session ${session.digest}`, { digest: session.digest })
        replaced.delete(session.digest)
      }
      return jar.clear()
    },

    async endWhere(selector, { isProven } = { isProven: true }) {
      requireSelector(selector)
      const { provider = '', providerSession } = selector
      if (!isProven && providerSession !== undefined && !unproven.accepts({ provider, providerSession })) {
        throw unavailable('too many logouts of sessions that are not known here')
      }
      if (selector.username !== undefined) {
        const nowMs = clock.now()
        await revokeBefore(revocations, selector.username, { nowMs, untilMs: nowMs + recordedMs })
      }
      if (await endBy(`sessions ${JSON.stringify(selector)}`, selector)) return undefined
      throw unavailable('what knows the sessions that have ended has no method set')
    },

    useOnce(id, lifetimeMs) {
      const nowMs = clock.now()
      const isFirst = (used.get(id) ?? -Infinity) <= nowMs
      if (isFirst) used.set(id, nowMs + lifetimeMs)
      return Promise.resolve(isFirst)
    },

    watch: (session, onEnded) => watchEnd(ended, session, onEnded),
  }
  return keeper
}

const RETRY_AFTER_SECONDS = 10
