import type { AuthenticationRequest, Observer, UserInfo } from '@kube-authn/core'
import {
  applyHeaderChanges,
  authenticateRequest,
  authorizeRequest,
  closeConnection,
  impersonateRequest,
  type StatusError,
  warningHeaders,
} from '@kube-authn/core/adapter'
import type { Authorizer, RequestInfo } from '@kube-authn/core/authorization'
import { type CredentialRevocation, defined, isStatusError } from '@kube-authn/core/internal'
import type { ApiServerOptions } from './api-server-options.ts'
import type { NodeMessage } from './handlers.ts'
import { type BeginRequest, isLongRunning } from './in-flight.ts'
import type { NodeResponse } from './write-answer.ts'

/** A request with its connection. */
export interface Exchange {
  readonly request: AuthenticationRequest
  readonly req: NodeMessage
  readonly res: NodeResponse
  readonly info: RequestInfo
  /** Read only by what waits. */
  readonly signal: AbortSignal
  /** Ends what the request waits for. */
  abort(this: void): void
  /** Called when the request is over, with its status. */
  onEnd(this: void, listener: (status: number) => void): void
  /** Called each time the body was read, before anything is done with it. What it throws is the answer. */
  onReceived: () => void
}

/** The context of the decisions about one request. */
interface DecisionContext extends Pick<Exchange, 'signal'> {
  readonly impersonates: true
  revocation: CredentialRevocation | undefined
}

/** Decides about a request. It never rejects. @returns the user who makes it, or the refusal. */
export type RequestChain = (exchange: Exchange) => Promise<UserInfo | StatusError>

/** What the chain consists of besides the authenticator. */
export interface RequestChainParts {
  readonly begin: BeginRequest
  /** Decides about requests. */
  readonly authorizer: Authorizer
  readonly observer: Observer
}

/**
 * The decisions about a request, in kube-apiserver's order: authentication, impersonation, the limits of requests in flight, authorization. Audit observes each of them.
 *
 * Source: apiserver `pkg/server/config.go` DefaultBuildHandlerChain.
 */
export function requestChain(
  options: ApiServerOptions,
  { begin, authorizer, observer }: RequestChainParts,
): RequestChain {
  const { authenticator, audiences, challenges, realm, tracing, log = authenticator.log } = options
  const telling = { observer, ...defined({ log }) }
  const authenticate = authenticateRequest(authenticator, {
    ...telling,
    ...defined({ audiences, challenges, realm, tracing }),
  })
  const { kubernetesVersion } = options
  const impersonate = impersonateRequest(options.authorizer, {
    ...telling,
    ...defined({ kubernetesVersion }),
  })
  const authorize = authorizeRequest(authorizer, telling)

  return async function decide(exchange) {
    const { request, req, res, info, onEnd } = exchange
    const context: DecisionContext = {
      impersonates: true,
      revocation: undefined,
      get signal() {
        return exchange.signal
      },
    }
    const known = await authenticate(request, context)
    if (known.closesConnection) closeConnection(req)
    // Before anything asynchronous.
    applyHeaderChanges(req, known.headerChanges)
    if ('failure' in known) return known.failure
    const { authentication, warnings } = known
    const { revocation } = authentication
    if (warnings.length > 0 && !res.headersSent) res.setHeader('warning', warningHeaders(warnings))
    context.revocation = revocation
    const acting = await impersonate(request, authentication.user, context)
    applyHeaderChanges(req, acting.headerChanges)
    if ('failure' in acting) return acting.failure
    const { user = authentication.user } = acting
    const begun = begin(info, user)
    if (isStatusError(begun)) return begun
    onEnd(begun.end)
    exchange.onReceived = begun.received
    const allowed = await authorize(request, user, context)
    if ('failure' in allowed) return allowed.failure
    const ends = acting.revocation ?? revocation
    // Other requests are over soon.
    if (ends !== undefined && isLongRunning(info)) onEnd(ends.watch(exchange.abort))
    return user
  }
}
