import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Authentication, Authenticator, Awaitable, UserInfo } from '@kube-authn/core'
import { applyHeaderChanges, incomingMessageRequest, notify, Received } from '@kube-authn/core/adapter'
import {
  above,
  aFunction,
  anAuthorizer,
  aPathPrefix,
  aRequestAuthenticator,
  authenticateRequestShape,
  CLIENT_CLOSED_REQUEST,
  messageOf,
  optionProblems,
  prefixProblems,
  type OptionsShape,
  refuseProblems,
  report,
  systemClock,
  untilExpiry,
  untilExpiryShape,
  without,
  withMethods,
} from '@kube-authn/core/internal'
import type { AuthenticateUpgradeOptions } from './upgrade-options.ts'
import { decideUpgrade } from './decide-upgrade.ts'
import { AnswerHeaders, refuseUpgrade } from './refuse-upgrade.ts'
import { whenClientLeaves } from './when-client-leaves.ts'

/** An accepted upgrade: the arguments of the event, and who makes it. */
export interface AuthenticatedUpgrade {
  /** Without the headers that carried the credential. */
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly user: UserInfo
  readonly authentication: Authentication
  /** Aborted when the credential expires. The connection is closed some seconds later in any case. */
  readonly signal: AbortSignal
  /** The id of the request in audit logs; absent without an audit log among the observers. */
  readonly auditId?: string
}

const shape: OptionsShape<AuthenticateUpgradeOptions> = {
  ...without(authenticateRequestShape, 'closeUnauthenticatedHttp2'),
  ...without(untilExpiryShape, 'signal'),
  handles: aFunction,
  impersonation: anAuthorizer,
  authorization: anAuthorizer,
  attributes: aFunction,
  prefix: aPathPrefix,
  closeTimeoutSeconds: above(0),
  onError: aFunction,
}

/** The part of a Node server that is used. */
export interface UpgradingServer {
  on(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  off(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
}

/**
 * Authenticates the upgrades of a Node server, such as WebSockets, which no middleware sees. A refused one gets the response of a request, such as a 401
 * with challenges, and its connection is closed. An accepted connection ends with its credential: then `signal` is aborted, and after
 * `closeTimeoutSeconds` the socket is destroyed.
 *
 * Clients that can set headers use `Authorization`. Browsers send the subprotocol `base64url.bearer.authorization.k8s.io.TOKEN` and another one, which
 * `webSocketProtocol` and every chain of `createAuthenticator` know, or a cookie that your authenticator reads. Since browsers send cookies and client
 * certificates with WebSockets of any site, check `Origin` in `handles` then.
 *
 * @param accept takes over the connection, for example with `handleUpgrade` of `ws`. If it throws or rejects, the connection is closed, as if `handles`
 *   throws.
 * @returns a function that stops listening.
 * @throws {ConfigurationError} if an argument or an option is invalid.
 * @example
 * const sockets = new WebSocketServer({ noServer: true })
 * authenticateUpgrade(server, authenticator, ({ request, socket, head, user, authentication }) =>
 *   sockets.handleUpgrade(request, socket, head, (webSocket) => {
 *     closeAtExpiry(webSocket, authentication)
 *     webSocket.send(`Hello ${user.username}`)
 *   }),
 * )
 */
export function authenticateUpgrade(
  server: UpgradingServer,
  authenticator: Authenticator,
  accept: (upgrade: AuthenticatedUpgrade) => Awaitable<void>,
  options: AuthenticateUpgradeOptions = {},
): () => void {
  refuseProblems(
    aServer(server, 'server'),
    aRequestAuthenticator(authenticator, 'authenticator'),
    aFunction(accept, 'accept'),
    optionProblems(shape, options),
    prefixProblems(options),
  )
  const { handles = () => true, maxConnectionSeconds, closeTimeoutSeconds = 10 } = options
  const { clock = systemClock, observer, onError = warn } = options
  const decide = decideUpgrade(authenticator, options)

  const onUpgrade = async (message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const closed = new AbortController()
    socket.once('close', () => closed.abort())
    // Without a listener, a broken connection would end the process.
    socket.on('error', ignore)
    const request = incomingMessageRequest(message)
    const headers = new AnswerHeaders()
    const answered = (status: number): void => notify(observer, { type: 'response', request, status })
    if (observer !== undefined) notify(observer, new Received(request, headers))

    const stopWatching = whenClientLeaves(socket, () => socket.destroy())
    const outcome = await decide(request, message, closed.signal)
    stopWatching()
    applyHeaderChanges(message, outcome.headerChanges)
    if (closed.signal.aborted || socket.destroyed) {
      answered(CLIENT_CLOSED_REQUEST)
      return
    }
    const destroyLater = (): void => {
      const cancel = clock.after(closeTimeoutSeconds * 1000, () => socket.destroy())
      socket.once('close', cancel)
    }
    if ('failure' in outcome) {
      answered(outcome.failure.status)
      // A client may never read the answer.
      destroyLater()
      refuseUpgrade(socket, outcome.failure, headers)
      return
    }
    const { authentication } = outcome
    const signal = untilExpiry(authentication, {
      signal: closed.signal,
      clock,
      ...(maxConnectionSeconds !== undefined && { maxConnectionSeconds }),
    })
    if (signal.aborted) destroyLater()
    else signal.addEventListener('abort', destroyLater, { once: true, signal: closed.signal })
    socket.once('close', () => answered(SWITCHING_PROTOCOLS))
    try {
      const auditId = headers.get('audit-id')
      await accept({
        request: message,
        socket,
        head,
        user: authentication.user,
        authentication,
        signal,
        ...(auditId !== undefined && { auditId }),
      })
    } catch (error) {
      socket.destroy()
      report(onError, error)
    }
  }

  const listener = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    try {
      if (handles(message)) void onUpgrade(message, socket, head)
    } catch (error) {
      // Whose connection it is, is unknown. Thrown from here, the error would end the process.
      socket.on('error', ignore)
      socket.destroy()
      report(onError, error)
    }
  }
  server.on('upgrade', listener)
  return () => void server.off('upgrade', listener)
}

const aServer = withMethods('a server of node:http or node:https', 'on', 'off')

const SWITCHING_PROTOCOLS = 101

function ignore(): void {}

function warn(error: unknown): void {
  const message = messageOf(error, 'it threw something that is not an error')
  process.emitWarning(`the function accept or handles of authenticateUpgrade failed: ${message}`, {
    type: 'KubeAuthnWarning',
    code: 'KUBE_AUTHN_UPGRADE',
  })
}
