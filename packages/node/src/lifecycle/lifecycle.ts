import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { Server } from 'node:net'
import type { Clock } from '@kube-authn/core'
import { type OptionsShape, whenOver } from '@kube-authn/core/adapter'
import { aClock, atLeast, must, optionProblems, refuseProblems, systemClock } from '@kube-authn/core/internal'
import { observeHandled } from '../http/observed-events.ts'
import { serverConnections } from './server-connections.ts'
import { shutdown, shuttingDown } from './shutdown.ts'

/** Options of {@link lifecycle}. */
export interface LifecycleOptions {
  /** How long requests are still accepted after `close()` while `isReady` is `false` already, until load balancers have noticed it (`--shutdown-delay-duration`). Default 0. */
  readonly shutdownDelaySeconds?: number
  /** How long `close()` waits after that for what is running, at most. Default 60. */
  readonly shutdownGraceSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/** How a server is closed. */
export interface Lifecycle {
  /** Whether load balancers should send requests: `false` once it shuts down. For the handler of `/readyz`. */
  readonly isReady: boolean
  /** Aborted once requests are refused: end event streams and WebSockets then. The option `closing` of `impersonatingProxy` does that for watches and upgrades. */
  readonly closing: AbortSignal
  /** Runs the shutdown, and resolves when everything is closed. Every call returns the same promise, which never rejects. */
  readonly close: () => Promise<void>
  /** The same as `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const shape: OptionsShape<LifecycleOptions> = {
  shutdownDelaySeconds: atLeast(0),
  shutdownGraceSeconds: atLeast(0),
  clock: aClock,
}

type Message = IncomingMessage | Http2ServerRequest
type Response = ServerResponse | Http2ServerResponse

/**
 * Closes a server without lost requests, in the order of kube-apiserver, when `close()` is called:
 *
 * 1. `isReady` is `false`. Requests are still answered, and clients are asked to use another connection: by `Connection: close`, over HTTP/2 by GOAWAY.
 * 2. After `shutdownDelaySeconds`, `closing` is aborted, idle connections are closed, and further requests are refused: 503 with `Retry-After`. One that crosses the end of
 *    an earlier answer on its connection is still answered.
 * 3. When no request is running and no upgraded connection is open, or after `shutdownGraceSeconds`, the server stops listening, and all connections are closed.
 *
 * Source: apiserver `pkg/server/genericapiserver.go`.
 *
 * @param server of `node:http`, `node:https` or `node:http2`, before it listens. Its listeners of `request` and `upgrade` may be added before or after.
 * @throws {ConfigurationError} if it is no server, or an option is invalid.
 * @example
 * const server = createServer(app)
 * const life = lifecycle(server, { shutdownDelaySeconds: 5 })
 * app.get('/readyz', (_req, res) => res.status(life.isReady ? 200 : 503).end())
 * process.once('SIGTERM', () => void life.close())
 */
export function lifecycle(server: Server, options: LifecycleOptions = {}): Lifecycle {
  refuseProblems(aServer(server, 'server'), optionProblems(shape, options))
  const {
    shutdownDelaySeconds: delaySeconds = 0,
    shutdownGraceSeconds: graceSeconds = 60,
    clock = systemClock,
  } = options
  const life = shutdown({ delaySeconds, graceSeconds, clock })
  const closeServer = serverConnections(server, clock)
  const running = new Map<Message, Response>()
  const begin = (message: Message, response: Response): void => {
    life.dismiss(message, response)
    running.set(message, response)
    const end = life.begin(message, { isLongRunning: false, abort: () => cutOff(response) })
    whenOver(
      message,
      response,
    )(() => {
      running.delete(message)
      end()
    })
  }
  server.prependListener('request', begin)
  observeHandled(server, 'checkContinue', begin)
  observeHandled(server, 'upgrade', (message, socket) => {
    const end = life.begin(message, { isLongRunning: false, abort: () => socket.destroy() })
    socket.once('close', end)
  })
  life.closing.addEventListener('abort', () => refuseRequests(server, life.accepts), { once: true })

  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= life.close().then(closeServer)
    for (const [message, response] of running) life.dismiss(message, response)
    return closed
  }
  return {
    get isReady() {
      return life.isReady
    },
    closing: life.closing,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const aServer = must(
  'must be a server of node:http, node:https or node:http2',
  (value) => value instanceof Server,
)

/** Without other listeners, Node hands every request to that of `request`, also those for an upgrade and those that wait for `100 Continue`. */
function refuseRequests(server: Server, accepts: (message: Message) => boolean): void {
  const listeners = server.listeners('request')
  for (const event of ['request', 'checkContinue', 'upgrade']) server.removeAllListeners(event)
  server.on('request', (message: Message, response: Response) => {
    const { upgrade, expect } = message.headers
    if (upgrade !== undefined || expect !== undefined || !accepts(message)) refuse(message, response)
    else for (const listener of listeners) Reflect.apply(listener, server, [message, response])
  })
}

function refuse(message: Message, response: Response): void {
  const { status, headers, content } = shuttingDown('the server')
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.setHeader('content-length', Buffer.byteLength(content))
  if (message.httpVersionMajor < 2) response.setHeader('connection', 'close')
  // What the client still sends is discarded, so that it reads the answer.
  message.resume()
  response.end(content)
}

/** So that half a response does not look complete. */
function cutOff(response: Response): void {
  // 2 is INTERNAL_ERROR (RFC 9113 section 7).
  if ('stream' in response) response.stream.close(2)
  else response.destroy()
}
