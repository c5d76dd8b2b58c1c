import type { AuthenticationRequest, HeaderChanges, Observer, UserInfo } from '@kube-authn/core'
import {
  authenticateRequest,
  authorizeRequest,
  impersonateRequest,
  type StatusError,
} from '@kube-authn/core/adapter'
import type { Authorizer, RequestInfo } from '@kube-authn/core/authorization'
import { type CredentialRevocation, defined, isStatusError } from '@kube-authn/core/internal'
import type { ApiServerOptions } from './api-server-options.ts'
import { type BeginRequest, isLongRunning } from './in-flight.ts'

/** What the chain does with the connection of a request. */
export interface RequestEffects {
  readonly info: RequestInfo
  /** Read only by what waits. */
  readonly signal: AbortSignal
  /** Before anything asynchronous. */
  changeHeaders(changes: HeaderChanges): void
  warn(texts: readonly string[]): void
  /** Closes an HTTP/2 connection after the response. */
  closeConnection(): void
  /** Ends what the request waits for. */
  abort(this: void): void
  /** Called when the request is over. */
  onEnd(listener: () => void): void
  /** Called each time the body was read, before anything is done with it. What it throws is the answer. */
  onReceived(listener: () => void): void
}

/** Decides about a request. It never rejects. @returns the user who makes it, or the refusal. */
export type RequestChain = (
  request: AuthenticationRequest,
  effects: RequestEffects,
) => Promise<UserInfo | StatusError>

/** What the chain consists of besides the authenticator. */
export interface RequestChainParts {
  readonly begin: BeginRequest
  /** Decides about requests. */
  readonly authorizer: Authorizer
  readonly observer: Observer
}

/** The context of the decisions about one request. */
interface DecisionContext {
  readonly impersonates: true
  revocation: CredentialRevocation | undefined
  readonly signal: AbortSignal
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
  const impersonate = impersonateRequest(options.authorizer, telling)
  const authorize = authorizeRequest(authorizer, telling)

  return async function decide(request, effects) {
    const { info } = effects
    const context: DecisionContext = {
      impersonates: true,
      revocation: undefined,
      get signal() {
        return effects.signal
      },
    }
    const known = await authenticate(request, context)
    if (known.closesConnection) effects.closeConnection()
    effects.changeHeaders(known.headerChanges)
    if ('failure' in known) return known.failure
    effects.warn(known.warnings)
    const { revocation } = known.authentication
    context.revocation = revocation
    const acting = await impersonate(request, known.authentication.user, context)
    effects.changeHeaders(acting.headerChanges)
    if ('failure' in acting) return acting.failure
    const { user = known.authentication.user } = acting
    const begun = begin(info, user)
    if (isStatusError(begun)) return begun
    effects.onEnd(begun.end)
    effects.onReceived(begun.received)
    const allowed = await authorize(request, user, context)
    if ('failure' in allowed) return allowed.failure
    const ends = acting.revocation ?? revocation
    // Other requests are over soon.
    if (ends !== undefined && isLongRunning(info)) effects.onEnd(ends.watch(effects.abort))
    return user
  }
}
