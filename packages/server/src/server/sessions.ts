import type { NodeMessage } from './handlers.ts'
import { memberOf } from '@kube-authn/core/internal'

/** The HTTP/2 sessions that had requests and are still open. */
export interface OpenSessions {
  readonly keep: (message: NodeMessage) => void
  /** Closes each once its requests are over. */
  readonly close: () => void
}

interface Session {
  close(): void
  once(event: 'close', listener: () => void): unknown
}

/** Keeps the HTTP/2 sessions of requests, since Node's server does not close idle ones. */
export function openSessions(): OpenSessions {
  const open = new Set<Session>()
  return {
    keep(message) {
      if (message.httpVersionMajor < 2) return
      const session = memberOf(memberOf(message, 'stream'), 'session')
      if (!isSession(session) || open.has(session)) return
      open.add(session)
      session.once('close', () => open.delete(session))
    },
    close() {
      for (const each of open) each.close()
    },
  }
}

function isSession(value: unknown): value is Session {
  return typeof memberOf(value, 'close') === 'function' && typeof memberOf(value, 'once') === 'function'
}
