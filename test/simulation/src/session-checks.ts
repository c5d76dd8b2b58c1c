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
  /** When the provider has renewed it for the last time. */
  renewedMs: number
  /** When a replica was last told of a use. */
  touchedMs: number
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

/** A login that may not be over yet. */
interface Login {
  readonly username: string
  readonly beganMs: number
  session?: KnownSession
  /** A logout that began after it was acknowledged before it was over. */
  isRevoked: boolean
}

/** Compares what replicas say of sessions with what they have acknowledged. */
export interface SessionChecks {
  all(): readonly KnownSession[]
  loginBegins(username: string): Login
  loginFailed(login: Login): void
  loggedIn(
    login: Login,
    opened: { readonly session: Session } & Pick<KnownSession, 'id' | 'username' | 'cookie'>,
  ): void
  expected(known: KnownSession): Expected
  found(known: KnownSession, expected: Expected, session: Session | undefined, replica: Replica): void
  /** A use is told to a replica that found the session. Returns a function that is told whether it was recorded. */
  touched(known: KnownSession, session: Session): (isRecorded: boolean) => void
  refreshed(known: KnownSession, session: Session): void
  mayEnd(known: KnownSession): void
  ended(all: readonly KnownSession[]): void
  /** All sessions of a user are to end. Returns a function that is told whether that was acknowledged. */
  logoutBegins(username: string): (isAcknowledged: boolean) => void
  opened(connection: Connection): void
  closed(connection: Connection): void
  /** Whether connections have ended that should have. */
  check(): void
  connectionsOf(process: Process): number
}

/** How long a session is surely there after a use that was recorded. */
const SURE_MS = IDLE_MS - 5000
/** After how long a use is recorded again, surely: a tenth of the idle time, and what clocks are wrong. */
const DUE_MS = IDLE_MS / 10 + 15_000
/** How many sessions are remembered. */
const MOST = 24
/** How long after a logout everywhere it may end a session that begins: `LOGOUT_WINDOW_MS`, and a write that is late. */
const WINDOW_MS = 120_000
/** Open connections are asked about every five seconds, and end when there was no answer for 30. */
const ASKED_MS = 5000 + 1000
const NOTICED_MS = ASKED_MS + 30_000

/** No session has begun. */
export function sessionChecks({ time, violated, calmSinceMs, count }: World): SessionChecks {
  const all: KnownSession[] = []
  const connections = new Set<Connection>()
  const logins = new Set<Login>()
  /** By user, when a logout everywhere was last under way. */
  const logouts = new Map<string, number>()
  const end = (known: KnownSession): void => {
    known.mayBeOver = true
    known.overSinceMs = Math.min(known.overSinceMs, time.nowMs)
  }
  return {
    all: () => all,
    loginBegins(username) {
      const login: Login = { username, beganMs: time.nowMs, isRevoked: false }
      logins.add(login)
      return login
    },
    loginFailed: (login) => void logins.delete(login),
    loggedIn(login, { session, ...opened }) {
      logins.delete(login)
      const mayBeOver = (logouts.get(opened.username) ?? -Infinity) > login.beganMs - WINDOW_MS
      // A replica that woke up a moment ago may take an earlier time for the beginning.
      const surelyUntilMs = Math.min(time.nowMs, session.seenAtMs) + SURE_MS
      const times = { surelyUntilMs, overSinceMs: Infinity, renewedMs: 0, touchedMs: 0 }
      const known: KnownSession = { ...opened, version: session.version, mayBeOver, ...times }
      login.session = known
      if (login.isRevoked) end(known)
      all.push(known)
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
    touched(known, { seenAtMs }) {
      const lastMs = known.touchedMs
      known.touchedMs = time.nowMs
      const wasAloneSince = time.nowMs
      return (isRecorded) => {
        if (isRecorded) known.surelyUntilMs = time.nowMs + SURE_MS
        const isDue = time.nowMs - seenAtMs > DUE_MS
        const isAlone = lastMs < seenAtMs && known.touchedMs === wasAloneSince
        if (!isRecorded && isDue && isAlone && !known.mayBeOver && time.nowMs < known.surelyUntilMs)
          violated('acknowledged', `a use of session ${known.id} was not recorded`)
      }
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
      const isOfUser = (each: { readonly username: string }): boolean => each.username === username
      const begun = all.filter(isOfUser)
      const beginning = [...logins].filter(isOfUser)
      for (const each of begun) each.mayBeOver = true
      return (isAcknowledged) => {
        logouts.set(username, time.nowMs)
        for (const each of all) if (isOfUser(each)) each.mayBeOver = true
        if (!isAcknowledged) return
        for (const each of begun) end(each)
        // A login that began before ends with it, or is refused.
        for (const each of beginning) {
          each.isRevoked = true
          if (each.session !== undefined) end(each.session)
        }
      }
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
        const isCalm = time.nowMs - calmSinceMs(replica) > NOTICED_MS
        if (!isOpen || process.isOver || time.nowMs - sinceMs <= (isCalm ? ASKED_MS : NOTICED_MS)) continue
        violated(
          'endedStays',
          `a connection in session ${known.id} is open at ${replica.name}, and it has ended`,
        )
      }
    },
    connectionsOf: (process) => [...connections].filter((each) => each.process === process).length,
  }
}
