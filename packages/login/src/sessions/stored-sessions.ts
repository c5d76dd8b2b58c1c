import { type Clock, unavailable } from '@kube-authn/core'
import {
  checkOptions,
  must,
  type OptionsShape,
  required,
  systemClock,
  wholeNumber,
  withMethods,
  without,
} from '@kube-authn/core/internal/shared'
import { cookieJar } from './cookie-jar.ts'
import { type CookieOptions, cookieShape } from './cookie-options.ts'
import { type LifetimeOptions, lifetimeShape, sessionLifetimes } from './lifetimes.ts'
import { continued, newSession } from './new-session.ts'
import { REFRESH_TIMEOUT_MS } from './refresh-timeout.ts'
import { inTurn } from './shared-refresh.ts'
import { type IdTokenOptions, idTokenShape, revokeIdToken } from './revoked-id-tokens.ts'
import { openSessions } from './watched-sessions.ts'
import { requireSelector } from './selector.ts'
import { LOGOUT_WINDOW_MS, sessionIndex } from './session-index.ts'
import type { OpenedSession, Session, SessionKeeper } from './session-keeper.ts'
import { sessionRecords } from './session-records.ts'
import { availableStore, isRefusal, type SessionStore } from './session-store.ts'
import { sharedOutcome } from './shared-outcome.ts'
import { entryOfSession, isSessionId, type SessionEntry, toldOfSession } from './stored-session.ts'

/** Options of {@link storedSessions}. */
export interface StoredSessionsOptions extends LifetimeOptions, CookieOptions, IdTokenOptions {
  /** Where sessions are kept. An `ObjectStore` of `@kube-authn/server` is one. */
  readonly store: SessionStore
  /** The beginning of the keys in the store, which nothing else may have. Apps with one store need different ones. Default `/sessions/`. */
  readonly prefix?: string
  /** How many sessions a user may have. One more ends the oldest. Default 20. */
  readonly maxSessionsPerUser?: number
}

const shape: OptionsShape<StoredSessionsOptions> = {
  ...lifetimeShape,
  ...cookieShape,
  ...idTokenShape,
  store: required(withMethods('a store of objects', 'get', 'list', 'create', 'update', 'delete')),
  prefix: must(
    'must be up to 200 letters, digits, -, _, . and / that end with /',
    (value) => typeof value === 'string' && /^[\w./-]{0,199}\/$/.test(value),
  ),
  maxSessionsPerUser: wholeNumber(1),
}

/**
 * Sessions in a store: shared by all replicas, listed, and ended at once.
 *
 * The cookie has 256 random bits. The store has their digest as a key, and tokens that are sealed by a key that is derived from them: who reads the store
 * can neither use a session nor read its tokens, and who writes to it can end sessions, but not change them.
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
  const lifetimes = sessionLifetimes({ clock: clockOf(options.store), ...options })
  const { clock, maxLifetimeMs } = lifetimes
  const jar = cookieJar({ cookieName, allowInsecureHttp, maxCookies: 1 })
  const index = sessionIndex(store, prefix, lifetimes)
  const records = sessionRecords(store, prefix, lifetimes)
  const shareRefresh = sharedOutcome<OpenedSession | undefined>(clock, 2 * REFRESH_TIMEOUT_MS)
  const shareTouch = sharedOutcome<Session | undefined>(clock, REFRESH_TIMEOUT_MS)

  const open = openSessions(clock, async ({ id }) => (await records.read(id)) !== undefined)

  const opened = (session: Session): OpenedSession => ({
    session,
    setCookies: jar.write(session.id, lifetimes.remainingMs(session)),
  })

  const remove = async (entry: SessionEntry): Promise<boolean> => {
    // Before the record is gone: after a failure it is tried again.
    if (entry.idToken !== undefined) await revokeIdToken(revocations, entry.idToken)
    const wasThere = await records.remove(entry.digest)
    open.ended(entry.digest)
    await index.remove(entry)
    return wasThere
  }

  const selected = async (selector: Parameters<typeof index.find>[0]): Promise<readonly SessionEntry[]> =>
    records.entries(await index.find(selector), selector)

  /** Ends the oldest sessions of a user, but not the one that has just begun. */
  const endOldest = async ({ digest, content: { username } }: Session): Promise<void> => {
    const known = await index.find({ username })
    if (known === undefined || known.length <= maxSessionsPerUser) return
    const entries = await records.entries(known, { username })
    const there = new Set(entries.map((entry) => entry.digest))
    await Promise.all(known.filter((each) => !there.has(each)).map((each) => index.forget(username, each)))
    const others = entries.filter((entry) => entry.digest !== digest)
    const tooMany = Math.max(0, others.length + 1 - maxSessionsPerUser)
    const oldestFirst = others.toSorted((one, other) => one.startedAtMs - other.startedAtMs)
    await Promise.all(oldestFirst.slice(0, tooMany).map(remove))
  }

  const keeper: Required<SessionKeeper> = {
    cookieNames: jar.names,
    refreshesOnce: true,
    revokesIdTokens: revocations !== undefined,

    async begin(content, before) {
      if (before !== undefined) await remove(await toldOfSession(before))
      const session = await newSession(content, lifetimes)
      const entry = entryOfSession(session)
      await index.add(entry, maxLifetimeMs)
      await records.create(session)
      if (await index.isMarkedEnded(entry)) {
        await remove(entry)
        throw unavailable('the user has just been logged out', {
          retryAfterSeconds: LOGOUT_WINDOW_MS / 1000,
        })
      }
      await endOldest(session)
      return opened(session)
    },

    async find(cookieHeader) {
      const id = jar.read(cookieHeader)
      return id === undefined || !isSessionId(id) ? undefined : records.read(id)
    },

    async replace(session, content) {
      const next = continued(session.content, content)
      await index.add(entryOfSession({ ...session, content: next }), maxLifetimeMs)
      const changed = await records.change(session.id, (current) =>
        current.version > session.version
          ? undefined
          : { ...current, content: next, version: current.version + 1, seenAtMs: clock.now() },
      )
      if (changed === undefined) return undefined
      const entry = await toldOfSession(changed)
      if (!(await index.isMarkedEnded(entry))) return opened(changed)
      await remove(entry)
      return undefined
    },

    refresh: (session, renew) =>
      shareRefresh(session.digest, () =>
        inTurn(
          { store, key: `${prefix}refreshing/${session.digest}`, clock },
          async () => {
            const current = await records.read(session.id)
            if (current === undefined) return { result: undefined }
            return current.version > session.version ? { result: opened(current) } : undefined
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
      return seen === undefined ? [] : opened(seen).setCookies
    },

    async end(session) {
      if (session !== undefined) await remove(await toldOfSession(session))
      return jar.clear()
    },

    async endWhere(selector, { isProven } = { isProven: true }) {
      requireSelector(selector)
      await (isProven ? index.markEnded(selector) : index.markBriefly(selector))
      const entries = await selected(selector)
      if (!isProven && entries.length > 0) await index.markEnded(selector)
      let count = 0
      for (const entry of entries) if (await remove(entry)) count++
      return count
    },

    async useOnce(id, lifetimeMs) {
      // For replicas whose clocks are behind, it is longer.
      const lifetime = { ttlMs: lifetimeMs + lifetimes.clockSkewMs }
      try {
        await store.create(`${prefix}used/${id}`, '{}', lifetime)
        return true
      } catch (thrown) {
        if (isRefusal(thrown, 'objectExists')) return false
        throw thrown
      }
    },

    watch: open.watch,

    async list({ username }) {
      const entries = await selected(username === undefined ? {} : { username })
      return entries.map((entry) => without(entry, 'providerSession', 'idToken'))
    },
  }
  return keeper
}

/** Replicas whose clocks differ agree on when a session began. */
function clockOf(store: SessionStore): Clock {
  return { now: () => store.now?.() ?? systemClock.now(), after: (...given) => systemClock.after(...given) }
}
