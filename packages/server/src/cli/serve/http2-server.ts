import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { TlsServerFiles } from '@kube-authn/node'

/** Limits of a server of HTTP/2. */
export interface Http2Limits {
  /** How many requests of a connection may run at a time. */
  readonly maxStreams: number
  /** How long a connection without requests is kept. */
  readonly idleMs: number
}

/** As much as Node's servers take over HTTP/1: the names and values of all headers, here with 32 bytes more for each. */
const MAX_HEADER_BYTES = 16_384
/** More than fit into that. */
const MAX_HEADERS = 1000
/** What a stream may send before it is read, as in kube-apiserver. */
const WINDOW_BYTES = 262_144
/** Frames that break the protocol, after which a connection is closed. */
const MAX_INVALID_FRAMES = 100

/**
 * A server of HTTP/2 and HTTP/1.1 by ALPN. A client that opens more streams than it may, resets them rapidly, or floods the connection with frames that have to be answered is disconnected
 * by nghttp2 and Node.
 *
 * Source: apiserver `pkg/server/secure_serving.go`; CVE-2023-44487.
 */
export function http2Server(
  options: TlsServerFiles['options'],
  { maxStreams, idleMs }: Http2Limits,
): Http2SecureServer {
  const server = createSecureServer({
    ...options,
    allowHTTP1: true,
    maxHeaderListPairs: MAX_HEADERS,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    settings: {
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: MAX_HEADER_BYTES,
      initialWindowSize: WINDOW_BYTES,
    },
  })
  // Of connections that speak HTTP/1.1.
  Object.assign(server, { keepAliveTimeout: idleMs })
  server.on('session', (session) => closeIdle(session, idleMs))
  return server
}

/** Closes a connection that has had no requests for some time. A watch may have nothing to send for longer. */
function closeIdle(session: ServerHttp2Session, idleMs: number): void {
  let running = 0
  session.on('stream', (stream: ServerHttp2Stream) => {
    running++
    stream.once('close', () => {
      running--
      // A timer that has fired does not fire again by itself.
      if (running === 0) session.setTimeout(idleMs)
    })
  })
  session.on('timeout', () => {
    if (running === 0) session.close()
  })
  session.setTimeout(idleMs)
}
