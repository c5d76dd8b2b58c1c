import type { Clock } from '@kube-authn/core'
import { tell } from '@kube-authn/core/internal'
import type { Session } from './session-keeper.ts'

/** How soon the end of a session in another replica is noticed. */
const NOTICED_MS = 5000
/** After how many such times without an answer of the store a session counts as ended: 30 seconds. */
const MAX_UNANSWERED = 6

/** Sessions that have started something long-lived, such as a watch or a tunnel. */
export interface WatchedSessions {
  /** Calls back once when the session has ended. Returns a function that stops waiting. */
  watch(this: void, session: Session, onEnded: () => void): () => void
  /** The session with this digest has ended here. */
  ended(this: void, digest: string): void
}

/** A session and the listeners for its end. */
interface Watched {
  readonly session: Session
  readonly listeners: Set<() => void>
  /** Questions since the last answer. They are counted since the clock may be set. */
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
export function watchedSessions(
  clock: Clock,
  isThere: (session: Session) => Promise<boolean>,
): WatchedSessions {
  const all = new Map<string, Watched>()

  const forget = (watched: Watched): void => {
    watched.cancel()
    if (all.get(watched.session.digest) === watched) all.delete(watched.session.digest)
  }

  const end = (watched: Watched): void => {
    forget(watched)
    const listeners = [...watched.listeners]
    watched.listeners.clear()
    for (const listener of listeners) tell(listener, undefined)
  }

  const ask = async (watched: Watched): Promise<void> => {
    watched.isAsking = true
    try {
      if (await isThere(watched.session)) watched.unanswered = 0
      else end(watched)
    } catch {
      // It is asked again.
    } finally {
      watched.isAsking = false
    }
  }

  const askLater = (watched: Watched): void => {
    watched.cancel = clock.after(NOTICED_MS, () => {
      watched.unanswered++
      if (watched.unanswered >= MAX_UNANSWERED) {
        end(watched)
        return
      }
      askLater(watched)
      if (!watched.isAsking) void ask(watched)
    })
  }

  return {
    watch(session, onEnded) {
      const known = all.get(session.digest)
      const watched: Watched = known ?? {
        session,
        listeners: new Set(),
        unanswered: 0,
        isAsking: false,
        cancel: () => {},
      }
      // Each caller has an entry of its own, whatever function it passes.
      const listener = (): void => onEnded()
      watched.listeners.add(listener)
      if (known === undefined) {
        all.set(session.digest, watched)
        askLater(watched)
      }
      return () => {
        watched.listeners.delete(listener)
        if (watched.listeners.size === 0) forget(watched)
      }
    },
    ended(digest) {
      const watched = all.get(digest)
      if (watched !== undefined) end(watched)
    },
  }
}
