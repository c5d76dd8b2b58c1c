import type { Session } from '@kube-authn/login'
import { IDLE_MS, type Process, type Replica } from './replica.ts'
import type { World } from './world.ts'

/** A session that a user was told of. */
export interface KnownSession {
  readonly id: string
  readonly username: string
  /** What the browser sends. */
  readonly cookie: string
  /** What was acknowledged. */
  version: number
  /** It is there until then, unless it is ended. */
  surelyUntilMs: number
  /** Whether someone has asked for its end. */
  mayBeOver: boolean
  /** When it was acknowledged that it is over. */
  overSinceMs: number
}

/** What the answer to a request must be. */
interface Expected {
  readonly isOver: boolean
  readonly version: number
}

/** A connection that was opened in a session. */
interface Connection {
  readonly known: KnownSession
  readonly process: Process
  readonly replica: Replica
  isOpen: boolean
}

/** Compares what replicas say of sessions with what they have acknowledged. */
export interface SessionChecks {
  all(): readonly KnownSession[]
  loginBegins(username: string): number
  loggedIn(
    login: number,
    opened: { readonly session: Session } & Pick<KnownSession, 'id' | 'username' | 'cookie'>,
  ): void
  expected(known: KnownSession): Expected
  found(known: KnownSession, expected: Expected, session: Session | undefined, replica: Replica): void
  used(known: KnownSession): void
  refreshed(known: KnownSession, session: Session): void
  mayEnd(known: KnownSession): void
  ended(all: readonly KnownSession[]): void
  /** @returns the sessions that have begun before. */
  logoutBegins(username: string): readonly KnownSession[]
  logoutEnds(username: string): void
  opened(connection: Connection): void
  closed(connection: Connection): void
  /** Whether connections have ended that should have. */
  check(): void
  connectionsOf(process: Process): number
}

/** How long a session is surely there after a use that was recorded. */
const SURE_MS = IDLE_MS - 5000
/** How many sessions are remembered. */
const MOST = 24
/** How long after a logout everywhere it may end a session that begins: `LOGOUT_WINDOW_MS`, and a write that is late. */
const WINDOW_MS = 120_000
/** Open connections are asked about every five seconds, and end when there was no answer for 30. */
const NOTICED_MS = 5000 + 30_000 + 1000

/** No session has begun. */
export function sessionChecks({ time, violated, calmSinceMs, count }: World): SessionChecks {
  const all: KnownSession[] = []
  const connections = new Set<Connection>()
  /** By user, when a logout everywhere was last under way. */
  const logouts = new Map<string, number>()
  const end = (known: KnownSession): void => {
    known.mayBeOver = true
    known.overSinceMs = Math.min(known.overSinceMs, time.nowMs)
  }
  return {
    all: () => all,
    loginBegins: () => time.nowMs,
    loggedIn(login, { session, ...opened }) {
      const mayBeOver = (logouts.get(opened.username) ?? -Infinity) > login - WINDOW_MS
      // A replica that woke up a moment ago may take an earlier time for the beginning.
      const surelyUntilMs = Math.min(time.nowMs, session.seenAtMs) + SURE_MS
      const times = { surelyUntilMs, overSinceMs: Infinity }
      all.push({ ...opened, version: session.version, mayBeOver, ...times })
      const forgotten = all.length > MOST ? all.shift() : undefined
      if (forgotten !== undefined) forgotten.mayBeOver = true
    },
    expected: ({ overSinceMs, version }) => ({ isOver: overSinceMs !== Infinity, version }),
    found(known, { isOver, version }, session, { name }) {
      const { id, mayBeOver, surelyUntilMs } = known
      if (session === undefined) {
        if (!mayBeOver && time.nowMs < surelyUntilMs) {
          violated('acknowledged', `session ${id} is not there at ${name}, and was not ended`)
        }
        end(known)
        return
      }
      if (isOver) violated('endedStays', `session ${id} is there at ${name}, and has ended`)
      if (session.version < version) {
        violated('acknowledged', `session ${id} has version ${session.version} at ${name}, not ${version}`)
      }
    },
    used(known) {
      known.surelyUntilMs = time.nowMs + SURE_MS
    },
    refreshed(known, session) {
      known.version = Math.max(known.version, session.version)
    },
    mayEnd(known) {
      known.mayBeOver = true
    },
    ended(sessions) {
      for (const each of sessions) end(each)
    },
    logoutBegins(username) {
      logouts.set(username, Infinity)
      const begun = all.filter((each) => each.username === username)
      for (const each of begun) each.mayBeOver = true
      return begun
    },
    logoutEnds(username) {
      logouts.set(username, time.nowMs)
      for (const each of all) if (each.username === username) each.mayBeOver = true
    },
    opened: (connection) => void connections.add(connection),
    closed(connection) {
      connection.isOpen = false
      connections.delete(connection)
      count('session connection ended')
      const { known, replica } = connection
      const isCalm = time.nowMs - calmSinceMs(replica) > NOTICED_MS
      if (isCalm && !known.mayBeOver && time.nowMs < known.surelyUntilMs) {
        violated(
          'errors',
          `a connection in session ${known.id} ended at ${replica.name}, which has not ended`,
        )
      }
    },
    check() {
      for (const connection of connections) {
        const { known, process, replica, isOpen } = connection
        if (!isOpen || process.isOver) connections.delete(connection)
        const sinceMs = Math.max(known.overSinceMs, process.stillUntilMs)
        if (!isOpen || process.isOver || time.nowMs - sinceMs <= NOTICED_MS) continue
        violated(
          'endedStays',
          `a connection in session ${known.id} is open at ${replica.name}, and it has ended`,
        )
      }
    },
    connectionsOf: (process) => [...connections].filter((each) => each.process === process).length,
  }
}
