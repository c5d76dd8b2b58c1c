import type { EventEmitter } from 'node:events'
import type { Http2Session } from 'node:http2'
import { systemClock } from '@kube-authn/core/internal'

/** How long the last frames of a connection may take to be sent. */
const LAST_FRAMES_MS = 1000

/** The open sessions of a server of HTTP/2; a server of HTTP/1.1 has none. */
export interface Http2Sessions {
  /** Tells clients that the sessions end, and waits until what was answered is sent: until the sessions are closed, at most for a second. */
  close(): Promise<void>
}

/** Keeps the sessions of a server. Destroying their sockets at once would lose the ends of streams that are buffered. */
export function http2Sessions(server: EventEmitter): Http2Sessions {
  const open = new Set<Http2Session>()
  server.on('session', (session: Http2Session) => {
    open.add(session)
    session.once('close', () => open.delete(session))
  })
  return {
    async close() {
      if (open.size === 0) return
      const all = [...open]
      await new Promise<void>((resolve) => {
        const cancel = systemClock.after(LAST_FRAMES_MS, resolve)
        const settle = (): void => {
          if (open.size > 0) return
          cancel()
          resolve()
        }
        for (const session of all) {
          session.once('close', settle)
          session.close()
        }
      })
    },
  }
}
