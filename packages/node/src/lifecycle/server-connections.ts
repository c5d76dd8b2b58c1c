import type { Http2Session } from 'node:http2'
import type { Server, Socket } from 'node:net'
import type { Clock } from '@kube-authn/core'

/** How long the last frames of a connection may take to be sent. */
const LAST_FRAMES_MS = 1000

/**
 * Keeps the connections of a server, before it listens.
 *
 * @returns a function that closes the server, with all that are open.
 */
export function serverConnections(server: Server, clock: Clock): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  // A server of HTTP/1.1 has none.
  const sessions = new Set<Http2Session>()
  server.on('session', (session: Http2Session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  return async () => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
    await closeSessions(sessions, clock)
    // `closeAllConnections` leaves those that have switched protocols.
    for (const socket of sockets) socket.destroy()
    await closed
  }
}

/**
 * Tells clients that their sessions of HTTP/2 end, and waits until what was answered is sent: until the sessions are closed, at most for a second. Destroying their
 * sockets at once would lose the ends of streams that are buffered.
 */
async function closeSessions(sessions: ReadonlySet<Http2Session>, clock: Clock): Promise<void> {
  if (sessions.size === 0) return
  const closed = [...sessions].map((session) => {
    const end = new Promise<void>((resolve) => void session.once('close', resolve))
    session.close()
    return end
  })
  let cancel: (() => void) | undefined
  const tooLate = new Promise<void>((resolve) => {
    cancel = clock.after(LAST_FRAMES_MS, resolve)
  })
  await Promise.race([Promise.all(closed), tooLate])
  cancel?.()
}
