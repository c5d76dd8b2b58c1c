import type { Authenticator } from '../../authenticator/authenticator.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import {
  type AuthenticateRequestContext,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from '../../handler/authenticate-request-options.ts'
import { type AuthenticateRequest, authenticateOrSend } from '../../handler/authenticate-request.ts'
import {
  aFunction,
  type AnyShape,
  type Check,
  aRequestAuthenticator,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import { notify } from '../../authenticator/notify.ts'
import type { AuthenticatedRequest, RequestOutcome } from '../../handler/request-outcome.ts'
import { type AnswerHeaders, Received } from '../../audit/audit-id.ts'
import { applyHeaderChanges } from '../incoming-message/apply-header-changes.ts'
import { clientContext, closeConnection, type NodeResponse, whenOver } from '../incoming-message/client.ts'
import type { NodeRequest } from '../incoming-message/node-request.ts'
import { isImpersonationDecided, type NodeUsers, type RequestState, settleUser } from '../request-states.ts'
import { requirePeerCertificates } from '../incoming-message/require-peer-certificates.ts'

/** The checks of an adapter's `authentication`, which also handles refusals. */
export const authenticationShape: OptionsShape<AuthenticateRequestOptions> & { readonly onFailure: Check } = {
  ...authenticateRequestShape,
  onFailure: aFunction,
}

/**
 * The decision of an adapter's `authentication`. An `onFailure` of a login has a `SendsToLogin` as its member `sendsToLogin`.
 *
 * @param problems those of further arguments.
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide them.
 */
export function authenticationOf(
  authenticator: Authenticator,
  shape: AnyShape,
  options: AuthenticateRequestOptions & { readonly onFailure?: unknown },
  problems: readonly ConfigurationProblem[] = [],
): AuthenticateRequest {
  refuseProblems(
    aRequestAuthenticator(authenticator, 'authenticator'),
    problems,
    optionProblems(shape, options),
  )
  const { onFailure, ...rest } = options
  const authenticate = authenticateOrSend(authenticator, rest, (request, asked) => {
    const sends: unknown =
      typeof onFailure === 'function' ? Reflect.get(onFailure, 'sendsToLogin') : undefined
    return typeof sends === 'function' && Reflect.apply(sends, undefined, [request, asked]) === true
  })
  requirePeerCertificates(authenticator)
  rememberOptions(authenticator, rest)
  return authenticate
}

/** Authenticates a request, changes its headers and sets its user or holds it. What remains is the response, or the next middleware. */
export type NodeAuthentication<R> = (
  received: R,
  message: NodeRequest,
  response: NodeResponse & AnswerHeaders,
  impersonates: () => boolean,
) => Awaitable<RequestOutcome>

/**
 * The `authentication` of an adapter for Node, up to its response.
 *
 * @throws {ConfigurationError} as {@link authenticationOf} does.
 */
export function nodeAuthentication<R>(
  users: NodeUsers<R>,
  authenticator: Authenticator,
  shape: AnyShape,
  options: AuthenticateRequestOptions & { readonly onFailure?: unknown },
): NodeAuthentication<R> {
  const authenticate = authenticationOf(authenticator, shape, options)
  const { observer, log = authenticator.log } = options
  return (received, message, response, impersonates) => {
    const state = users.stateOf(received)
    const { request } = state
    if (observer !== undefined) notify(observer, new Received(request, response))
    const onceOver = observer === undefined ? undefined : whenOver(message, response)
    const given = new NodeContext(state, message, response, impersonates)
    return andThen(authenticate(request, given), (outcome) => {
      onceOver?.((status) => notify(observer, { type: 'response', request, status }))
      if (outcome.closesConnection) closeConnection(message)
      applyHeaderChanges(message, outcome.headerChanges)
      settleUser(users, received, outcome, log)
      return outcome
    })
  }
}

/** The context of a request for `authenticateRequest`. Most requests need none of it. */
class NodeContext implements AuthenticateRequestContext {
  readonly askedToImpersonate: boolean
  readonly accepted: AuthenticatedRequest | undefined
  readonly #message: NodeRequest
  readonly #response: NodeResponse
  readonly #impersonates: () => boolean

  constructor(
    state: RequestState,
    message: NodeRequest,
    response: NodeResponse,
    impersonates: () => boolean,
  ) {
    this.askedToImpersonate = isImpersonationDecided(state.authentication, state.held)
    this.accepted = state.accepted
    this.#message = message
    this.#response = response
    this.#impersonates = impersonates
  }

  get impersonates(): boolean {
    return this.#impersonates()
  }

  get signal(): AbortSignal {
    return clientContext(this.#message, this.#response).signal
  }
}

/** The options of authentication without which upgrades would be narrower or quieter than requests are. */
const COMPARED = ['audiences', 'observer'] as const

const ofRequests = new WeakMap<Authenticator, Set<string>>()

/** Remembers which options `authentication` of an adapter was given, for {@link optionsThatLack}. */
function rememberOptions(authenticator: Authenticator, options: object): void {
  const given = ofRequests.get(authenticator) ?? new Set()
  for (const name of namesIn(options)) given.add(name)
  ofRequests.set(authenticator, given)
}

/** The options that `authentication` of an adapter was given with this authenticator, and that are not among these: for a notice, and for nothing else. */
export function optionsThatLack(authenticator: Authenticator, options: object): readonly string[] {
  const given = namesIn(options)
  return [...(ofRequests.get(authenticator) ?? [])].filter((name) => !given.includes(name)).toSorted()
}

function namesIn(options: object): readonly string[] {
  return COMPARED.filter((name) => Reflect.get(options, name) !== undefined)
}
