import type { Authentication, Authenticator, Awaitable, Clock, UserInfo } from '@kube-authn/core'
import {
  defined,
  advise,
  aRequestAuthenticator,
  messageOf,
  optionProblems,
  optionsThatLack,
  prefixProblems,
  refuseProblems,
  systemClock,
  untilExpiryShape,
  withMethods,
  without,
} from '@kube-authn/core/internal'
import { above, aFunction, type OptionsShape } from '@kube-authn/core/adapter'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { decideRequest, type DecideRequestOptions, decideRequestShape } from './decide-request.ts'
import { handleUpgrades, type UpgradingServer } from './upgrade-door.ts'

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
  ...without(decideRequestShape, 'closeUnauthenticatedHttp2'),
  ...without(untilExpiryShape, 'signal'),
  handles: aFunction,
  closeTimeoutSeconds: above(0),
  onError: aFunction,
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
  const { handles = () => true, maxConnectionSeconds, closeTimeoutSeconds = 10, ...others } = options
  const { clock = systemClock, onError = warn, ...deciding } = others
  const { observer, log = authenticator.log } = deciding
  if (options.authorization === undefined && options.guard === undefined)
    advise(log, 'KUBE_AUTHN_OPEN_UPGRADES')
  // The middlewares of an app are usually made in the same turn, before this or after it.
  setImmediate(() => {
    const lacking = optionsThatLack(authenticator, options)
    if (lacking.length > 0) advise(log, 'KUBE_AUTHN_UPGRADES_LACK', lacking.join(', '))
  })
  return handleUpgrades(server, {
    decide: decideRequest(authenticator, deciding),
    handles,
    observer,
    maxConnectionSeconds,
    closeTimeoutSeconds,
    clock,
    onError,
    accept({ message, socket, head, decision, signal, auditId, answered }) {
      const { authentication } = decision
      socket.once('close', () => answered(SWITCHING_PROTOCOLS))
      return accept({
        request: message,
        socket,
        head,
        user: authentication.user,
        authentication,
        signal,
        ...defined({ auditId }),
      })
    },
  })
}

const aServer = withMethods('a server of node:http or node:https', 'on', 'off')

const SWITCHING_PROTOCOLS = 101

function warn(error: unknown): void {
  const message = messageOf(error, 'it threw something that is not an error')
  process.emitWarning(`the function accept or handles of authenticateUpgrade failed: ${message}`, {
    type: 'KubeAuthnWarning',
    code: 'KUBE_AUTHN_UPGRADE',
  })
}

/** Options of `authenticateUpgrade`. */
export interface AuthenticateUpgradeOptions extends Omit<DecideRequestOptions, 'closeUnauthenticatedHttp2'> {
  /** Whether a request is for this function; other listeners of `upgrade` handle the others. Without another one it is a 404. Default: all are. */
  readonly handles?: (request: IncomingMessage) => boolean
  /** How long a connection may last at most, also if its credential never expires. Default: no limit. */
  readonly maxConnectionSeconds?: number
  /**
   * How long a connection stays open after its credential expired, so that the app can close it properly, or after it was refused, so that the client can
   * read the answer. Default 10.
   */
  readonly closeTimeoutSeconds?: number
  /** Called with what `accept` or `handles` throws. Default: a process warning. */
  readonly onError?: (error: unknown) => void
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}
