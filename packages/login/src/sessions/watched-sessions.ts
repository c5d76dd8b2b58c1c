import type { Clock } from '@kube-authn/core'
import { tell } from '@kube-authn/core/internal/login'
import type { Session } from './session-keeper.ts'

/** How soon the end of a session in another replica is noticed. */
const NOTICED_MS = 5000
/** After how many such times without an answer of the store a session counts as ended: 30 seconds. */
const MAX_UNANSWERED = 6

/** Sessions that have begun something which goes on, such as a watch or a tunnel. */
export interface OpenSessions {
  /** Calls back once when the session has ended. Returns a function that stops waiting. */
  watch(this: void, session: Session, onEnded: () => void): () => void
  /** The session with this digest has ended here. */
  ended(this: void, digest: string): void
}

/** A session, with those who wait for its end. */
interface Open {
  readonly session: Session
  readonly listeners: Set<() => void>
  /** Questions since the last answer. The clock may be set, so it is not asked. */
  unanswered: number
  isAsking: boolean
  cancel: () => void
}

/**
 * Asks every five seconds whether each of them is still there: once for all that a session has begun. One that cannot be asked about for 30 seconds counts as
 * ended.
 *
 * @param isThere reads the session. It rejects if the store is not available.
 */
export function openSessions(clock: Clock, isThere: (session: Session) => Promise<boolean>): OpenSessions {
  const all = new Map<string, Open>()

  const forget = (open: Open): void => {
    open.cancel()
    if (all.get(open.session.digest) === open) all.delete(open.session.digest)
  }

  const end = (open: Open): void => {
    forget(open)
    const listeners = [...open.listeners]
    open.listeners.clear()
    for (const listener of listeners) tell(listener, undefined)
  }

  const ask = async (open: Open): Promise<void> => {
    open.isAsking = true
    try {
      if (await isThere(open.session)) open.unanswered = 0
      else end(open)
    } catch {
      // It is asked again.
    } finally {
      open.isAsking = false
    }
  }

  const askLater = (open: Open): void => {
    open.cancel = clock.after(NOTICED_MS, () => {
      open.unanswered++
      if (open.unanswered >= MAX_UNANSWERED) {
        end(open)
        return
      }
      askLater(open)
      if (!open.isAsking) void ask(open)
    })
  }

  return {
    watch(session, onEnded) {
      const known = all.get(session.digest)
      const open = known ?? newlyOpen(session)
      // Each caller has an entry of its own, whatever function it passes.
      const listener = (): void => onEnded()
      open.listeners.add(listener)
      if (known === undefined) {
        all.set(session.digest, open)
        askLater(open)
      }
      return () => {
        open.listeners.delete(listener)
        if (open.listeners.size === 0) forget(open)
      }
    },
    ended(digest) {
      const open = all.get(digest)
      if (open !== undefined) end(open)
    },
  }
}

function newlyOpen(session: Session): Open {
  return { session, listeners: new Set(), unanswered: 0, isAsking: false, cancel: () => {} }
}
