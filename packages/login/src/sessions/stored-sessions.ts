import { type Clock, unavailable } from '@kube-authn/core'
import { must, systemClock, withMethods, without } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape, required, wholeNumber } from '@kube-authn/core/adapter'
import { type CookieJar, cookieJar, type CookieOptions, cookieShape } from './cookie-jar.ts'
import { type LifetimeOptions, type Lifetimes, lifetimeShape, sessionLifetimes } from './lifetimes.ts'
import {
  type IdTokenOptions,
  type IdTokenRevocations,
  idTokenShape,
  revokeIdToken,
} from './revoked-id-tokens.ts'
import { continueSession, newSession } from './session.ts'
import { LOGOUT_WINDOW_MS, type SessionIndex, sessionIndex } from './session-index.ts'
import {
  type OpenedSession,
  requireSelector,
  type Session,
  type SessionContent,
  type SessionKeeper,
  type SessionSelector,
} from './session-keeper.ts'
import { availableStore, createRecord, type SessionStore } from './session-store.ts'
import { inTurn, REFRESH_TIMEOUT_MS, sharedOutcome } from './shared-refresh.ts'
import {
  fullEntry,
  isSessionId,
  type SessionEntry,
  sessionEntry,
  type SessionRecords,
  sessionRecords,
} from './stored-session.ts'
import { type WatchedSessions, watchedSessions } from './watched-sessions.ts'

/** Options of {@link storedSessions}. */
export interface StoredSessionsOptions extends LifetimeOptions, CookieOptions, IdTokenOptions {
  /** Where sessions are kept. An `ObjectStore` of `@kube-authn/store` is one. */
  readonly store: SessionStore
  /** The beginning of the keys in the store, which nothing else may have. Apps with one store need different ones. Default `/sessions/`. */
  readonly prefix?: string
  /** How many sessions a user may have. One more ends the oldest. Default 20. */
  readonly maxSessionsPerUser?: number
}

/** All but where they are kept. */
export const sessionsShape: OptionsShape<Omit<StoredSessionsOptions, 'store'>> = {
  ...lifetimeShape,
  ...cookieShape,
  ...idTokenShape,
  prefix: must(
    'must be up to 200 letters, digits, -, _, . and / that end with /',
    (value) => typeof value === 'string' && /^[\w./-]{0,199}\/$/.test(value),
  ),
  maxSessionsPerUser: wholeNumber(1),
}

const shape: OptionsShape<StoredSessionsOptions> = {
  ...sessionsShape,
  store: required(withMethods('a store of objects', 'get', 'list', 'create', 'update', 'delete')),
}

/**
 * Sessions in a store: shared by all replicas, listed, and ended at once.
 *
 * The cookie has 256 random bits. The store has their digest as a key, and tokens that are sealed by a key that is derived from them: anyone who reads the store
 * can neither use a session nor read its tokens, and anyone who writes to it can end sessions, but not change them.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const sessions = storedSessions({ store: memoryObjectStore() })
 */
export function storedSessions(options: StoredSessionsOptions): Required<SessionKeeper> {
  checkOptions(shape, options)
  const { cookieName = 'session', allowInsecureHttp = false, prefix = '/sessions/' } = options
  const { maxSessionsPerUser = 20, revocations } = options
  const store = availableStore(options.store)
  const lifetimes = sessionLifetimes({ clock: storeClock(options.store), ...options })
  const { clock, clockSkewMs } = lifetimes
  const jar = cookieJar({ cookieName, allowInsecureHttp, maxCookies: 1 })
  const index = sessionIndex(store, prefix, lifetimes)
  const records = sessionRecords(store, prefix, lifetimes)
  const watched = watchedSessions(clock, async ({ id }) => (await records.read(id)) !== undefined)
  const parts = { jar, index, records, watched, lifetimes, revocations, maxSessionsPerUser }
  const shareRefresh = sharedOutcome<OpenedSession | undefined>(clock, 2 * REFRESH_TIMEOUT_MS)
  const shareTouch = sharedOutcome<Session | undefined>(clock, REFRESH_TIMEOUT_MS)

  const keeper: Required<SessionKeeper> = {
    cookieNames: jar.names,
    refreshesOnce: true,
    revokesIdTokens: revocations !== undefined,
    begin: (content, before) => beginSession(parts, content, before),

    async find(cookieHeader) {
      const id = jar.read(cookieHeader)
      return id === undefined || !isSessionId(id) ? undefined : records.read(id)
    },

    replace: (session, content) => replaceContent(parts, session, content),

    refresh: (session, renew) =>
      shareRefresh(session.digest, () =>
        inTurn(
          { store, key: `${prefix}refreshing/${session.digest}`, clock },
          async () => {
            const current = await records.read(session.id)
            if (current === undefined) return { result: undefined }
            return current.version > session.version ? { result: withCookie(parts, current) } : undefined
          },
          async () => keeper.replace(session, await renew(session.content)),
        ),
      ),

    async touch(session) {
      if (!lifetimes.isDue(session)) return []
      const seen = await shareTouch(session.digest, () =>
        records.change(session.id, (current) =>
          lifetimes.isDue(current) ? { ...current, seenAtMs: clock.now() } : undefined,
        ),
      )
      return seen === undefined ? [] : withCookie(parts, seen).setCookies
    },

    async end(session) {
      if (session !== undefined) await endSession(parts, fullEntry(session))
      return jar.clear()
    },

    endWhere: (selector, { isProven } = { isProven: true }) => endSelected(parts, selector, isProven),

    // For replicas whose clocks are behind, it is longer.
    useOnce: async (id, lifetimeMs) =>
      (await createRecord(store, `${prefix}used/${id}`, '{}', lifetimeMs + clockSkewMs)) !== undefined,
    watch: watched.watch,

    async list({ username }) {
      const entries = await selectedEntries(parts, username === undefined ? {} : { username })
      return entries.map((entry) => without(entry, 'providerSession', 'idToken'))
    },
  }
  return keeper
}

/** The parts of stored sessions that their methods share. */
interface Parts {
  readonly jar: CookieJar
  readonly index: SessionIndex
  readonly records: SessionRecords
  readonly watched: WatchedSessions
  readonly lifetimes: Lifetimes
  readonly revocations: IdTokenRevocations | undefined
  readonly maxSessionsPerUser: number
}

/** A logout is told to logins for longer than this, by as much as the clock of a replica may be corrected meanwhile. */
const LONGEST_LOGIN_MS = LOGOUT_WINDOW_MS - 3000

async function beginSession(
  parts: Parts,
  content: SessionContent,
  before: Session | undefined,
): Promise<OpenedSession> {
  const { index, records, lifetimes } = parts
  if (before !== undefined) await endSession(parts, fullEntry(before))
  const session = newSession(content, lifetimes)
  const entry = sessionEntry(session)
  await index.add(entry, lifetimes.maxLifetimeMs)
  await records.create(session)
  const why = (await index.isMarkedEnded(entry))
    ? 'the user has just been logged out'
    : Math.abs(lifetimes.clock.now() - session.startedAtMs) > LONGEST_LOGIN_MS
      ? 'the login took so long that it is not known whether the user was logged out meanwhile'
      : undefined
  if (why !== undefined) {
    await endSession(parts, entry)
    throw unavailable(why, { retryAfterSeconds: LOGOUT_WINDOW_MS / 1000 })
  }
  await endOldest(parts, session)
  return withCookie(parts, session)
}

async function replaceContent(
  parts: Parts,
  session: Session,
  content: SessionContent,
): Promise<OpenedSession | undefined> {
  const { index, records, lifetimes } = parts
  const next = continueSession(session.content, content)
  await index.add(sessionEntry({ ...session, content: next }), lifetimes.maxLifetimeMs)
  const changed = await records.change(session.id, (current) =>
    current.version > session.version
      ? undefined
      : { ...current, content: next, version: current.version + 1, seenAtMs: lifetimes.clock.now() },
  )
  if (changed === undefined) return undefined
  const entry = fullEntry(changed)
  if (!(await index.isMarkedEnded(entry))) return withCookie(parts, changed)
  await endSession(parts, entry)
  return undefined
}

/** @returns whether the session was there. */
async function endSession(
  { index, records, watched, revocations }: Parts,
  entry: SessionEntry,
): Promise<boolean> {
  // Before the record is gone: after a failure it is tried again.
  if (entry.idToken !== undefined) await revokeIdToken(revocations, entry.idToken)
  const wasThere = await records.remove(entry.digest)
  watched.ended(entry.digest)
  await index.remove(entry)
  return wasThere
}

/** @returns how many sessions have ended. */
async function endSelected(parts: Parts, selector: SessionSelector, isProven: boolean): Promise<number> {
  const { index } = parts
  requireSelector(selector)
  await index.markEnded(selector, !isProven)
  const entries = await selectedEntries(parts, selector)
  if (!isProven && entries.length > 0) await index.markEnded(selector)
  let count = 0
  for (const entry of entries) if (await endSession(parts, entry)) count++
  return count
}

/** Ends the oldest sessions of a user, but not the one that has just begun. */
async function endOldest(parts: Parts, { digest, content: { username } }: Session): Promise<void> {
  const { index, records, maxSessionsPerUser } = parts
  const known = await index.find({ username })
  if (known === undefined || known.length <= maxSessionsPerUser) return
  const entries = await records.entries(known, { username })
  const there = new Set(entries.map((entry) => entry.digest))
  await Promise.all(known.filter((each) => !there.has(each)).map((each) => index.forget(username, each)))
  const others = entries.filter((entry) => entry.digest !== digest)
  const tooMany = Math.max(0, others.length + 1 - maxSessionsPerUser)
  const oldestFirst = others.toSorted((one, other) => one.startedAtMs - other.startedAtMs)
  await Promise.all(oldestFirst.slice(0, tooMany).map((entry) => endSession(parts, entry)))
}

async function selectedEntries(
  { index, records }: Parts,
  selector: SessionSelector,
): Promise<readonly SessionEntry[]> {
  return records.entries(await index.find(selector), selector)
}

function withCookie({ jar, lifetimes }: Parts, session: Session): OpenedSession {
  return { session, setCookies: jar.write(session.id, lifetimes.remainingMs(session)) }
}

/** Replicas whose clocks differ agree on when a session began. */
function storeClock(store: SessionStore): Clock {
  return { now: () => store.now?.() ?? systemClock.now(), after: (...given) => systemClock.after(...given) }
}
