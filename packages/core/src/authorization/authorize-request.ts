import { andThen, type Awaitable } from '../internal/awaitable.ts'
import { type Context, WaitingContext } from '../authenticator/context.ts'
import { advise } from '../internal/log/app-warnings.ts'
import { notify } from '../authenticator/notify.ts'
import type { Observer } from '../authenticator/events.ts'
import type { Log } from '../authenticator/log.ts'
import { logRefusal } from '../logging/log-refusal.ts'
import {
  aFunction,
  aLog,
  anAuthorizer,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../internal/options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { isStatusError, type StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { type Attributes, attributesOf, type RequestAttributes } from './attributes.ts'
import type { Authorizer } from './authorizer.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import { asAuthorizationError } from './errors.ts'
import { forbidden } from './forbidden.ts'
import { internalError, tooBusy } from './error-answers.ts'
import { attributesBelow } from './request-attributes.ts'
import { isWithoutUser, noUser } from '../authenticator/no-user.ts'
import { aPathPrefix, prefixProblems } from './path-prefix.ts'

/** Returns the attributes of a request. A thrown `StatusError` becomes the answer; any other error becomes a 500. */
export type ReadAttributes = (request: AuthenticationRequest) => RequestAttributes

/** Options of {@link authorizeRequest}. The same in every adapter. */
export interface AuthorizeRequestOptions {
  /** Returns the attributes of a request. Default: read from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: ReadAttributes
  /**
   * What the path of every request begins with, before a Kubernetes-style path, as in `/cluster`: the same as `prefix` of `impersonatingProxy`. It is compared with
   * the path that the client sent, wherever a router has mounted this. A request with another path is a 404. Default: none.
   */
  readonly prefix?: string
  /** Receives the outcome of every request and the decision of every authorizer. */
  readonly observer?: Observer
  /** Where refused requests are logged. Default: `console` in development, and for errors only in production. */
  readonly log?: Log
}

export const authorizeRequestShape: OptionsShape<AuthorizeRequestOptions> = {
  attributes: aFunction,
  prefix: aPathPrefix,
  observer: aFunction,
  log: aLog,
}

/** What is known about a request besides the request itself. */
export interface AuthorizeRequestContext {
  /** Returns the attributes of the request, if an adapter knows them. Takes precedence over {@link AuthorizeRequestOptions.attributes}; errors are handled the same way. */
  readonly attributes?: () => RequestAttributes
  /** Aborted when the caller no longer waits. Read only if an authorizer uses it. */
  readonly signal?: AbortSignal | undefined
}

/** The request is allowed. */
export interface AuthorizedRequest {
  readonly attributes: Attributes
  readonly reason: string
}

/** The request is forbidden, or could not be decided. */
export interface ForbiddenRequest {
  readonly failure: StatusError
}

/** The result of {@link authorizeRequest}. No more will be added. */
export type AuthorizationOutcome = AuthorizedRequest | ForbiddenRequest

/** Decides whether the user may make the request. It never throws and never rejects. */
export type AuthorizeRequest = (
  request: AuthenticationRequest,
  user: UserInfo | undefined,
  context?: AuthorizeRequestContext,
) => Awaitable<AuthorizationOutcome>

/**
 * Implements authorization for all adapters.
 *
 * 0. An incomplete request is refused with its `refusal`.
 * 1. An allowed request passes, even if an authorizer failed before.
 * 2. Otherwise an error is a 500, a busy authorizer is a 503, and everything else is a 403 that names what was refused.
 * 3. A request without a user is a 500: the authentication middleware is missing.
 * 4. A `get` of `pods/exec`, `pods/attach` or `pods/portforward` needs `create` too.
 *
 * Source: apiserver `pkg/endpoints/filters/authorization.go`.
 *
 * @throws {ConfigurationError} when `authorizer` is not an authorizer, or an option is invalid.
 * @example
 * const authorize = authorizeRequest(rbac(policy))
 * const outcome = await authorize(fetchRequest(request), user)
 * if ('failure' in outcome) return outcome.failure.getResponse()
 */
export function authorizeRequest(
  authorizer: Authorizer,
  options: AuthorizeRequestOptions = {},
): AuthorizeRequest {
  refuseProblems(
    anAuthorizer(authorizer, 'authorizer'),
    optionProblems(authorizeRequestShape, options),
    prefixProblems(options),
  )
  const authorize = authorizeOrRefuse(authorizer, options)
  const refuse: RefuseRequest = (attributes, { reason }) => forbidden(attributes, reason)
  return function authorizeOne(request, user, given) {
    return authorize(request, user, refuse, given)
  }
}

/** The answer to a request that no authorizer allowed, and of which none failed. */
export type RefuseRequest = (attributes: Attributes, decision: Decision) => StatusError

/** {@link authorizeRequest}, with the answer to what is not allowed. @param options valid ones. */
export function authorizeOrRefuse(
  authorizer: Authorizer,
  options: AuthorizeRequestOptions,
): (
  request: AuthenticationRequest,
  user: UserInfo | undefined,
  refuse: RefuseRequest,
  context?: AuthorizeRequestContext,
) => Awaitable<AuthorizationOutcome> {
  const { observer, log } = options
  const attributesFor = attributesReader(options)

  return function authorizeOrRefuseOne(request, user, refuse, given = {}) {
    const start = observer === undefined ? 0 : performance.now()

    const report = (outcome: AuthorizationOutcome, attributes?: Attributes, decision?: Decision): void => {
      if ('failure' in outcome) {
        const { failure } = outcome
        const isLogged = logRefusal(log, { request, failure, by: 'authorization', user: attributes?.user })
        if (!isLogged && isWithoutUser(failure)) advise(log, 'KUBE_AUTHN_NO_USER')
      }
      if (observer === undefined) return
      notify(observer, {
        type: 'authorization',
        request,
        durationSeconds: (performance.now() - start) / 1000,
        reason: decision?.reason ?? '',
        ...('failure' in outcome
          ? {
              result: [401, 403].includes(outcome.failure.status) ? 'forbid' : 'error',
              failure: outcome.failure,
            }
          : { result: 'allow' }),
        ...(attributes !== undefined && { attributes }),
        ...(decision !== undefined && { verdict: decision.verdict }),
        ...(decision?.error !== undefined && { error: decision.error }),
      })
    }

    const conclude = (attributes: Attributes, decision: Decision): AuthorizationOutcome => {
      const outcome = outcomeOf(request, attributes, decision, refuse)
      report(outcome, attributes, decision)
      return outcome
    }

    return andThen(request.refusal ?? attributesFor(request, user, given), (attributes) => {
      if (isStatusError(attributes)) {
        const outcome = { failure: attributes }
        report(outcome)
        return outcome
      }
      const context = contextOf(observer, given)
      return andThen(decide(authorizer, attributes, context), (decision) => {
        if (decision.verdict !== 'allow' || !connectsToPod(attributes)) return conclude(attributes, decision)
        const creating = { ...attributes, verb: 'create' }
        return andThen(decide(authorizer, creating, context), (second) =>
          second.verdict === 'allow' ? conclude(attributes, decision) : conclude(creating, second),
        )
      })
    })
  }
}

/**
 * Whether a request opens a connection into a pod by a `get`, as a WebSocket does: `create` is needed too, so that a user who may read
 * everything cannot run commands.
 *
 * Source: kubernetes `pkg/registry/core/pod/rest/subresources.go` (gate AuthorizePodWebsocketUpgradeCreatePermission).
 */
function connectsToPod({ verb, apiGroup, resource, subresource }: Attributes): boolean {
  return (
    verb === 'get' &&
    apiGroup === '' &&
    resource === 'pods' &&
    ['exec', 'attach', 'portforward'].includes(subresource)
  )
}

function outcomeOf(
  request: AuthenticationRequest,
  attributes: Attributes,
  decision: Decision,
  refuse: RefuseRequest,
): AuthorizationOutcome {
  const { verdict, reason, error } = decision
  if (verdict === 'allow') return { attributes, reason }
  if (error !== undefined) {
    return { failure: tooBusy(error) ?? internalError(request, error.message, { cause: error }) }
  }
  return { failure: refuse(attributes, decision) }
}

/** The context for an authorizer. */
export function contextOf(observer: Observer | undefined, given: Pick<Context, 'signal'>): Context {
  return new WaitingContext(given, observer)
}

/** Returns a function that returns the attributes of a request, or the answer to refuse it with. */
export function attributesReader({
  attributes,
  prefix,
}: Pick<AuthorizeRequestOptions, 'attributes' | 'prefix'>): (
  request: AuthenticationRequest,
  user: UserInfo | undefined,
  given: AuthorizeRequestContext,
) => Attributes | StatusError {
  const read = attributes ?? attributesBelow(prefix)
  return (request, user, given) => {
    // JavaScript callers may pass `null`; a request without a user must not be authorized.
    if (user === undefined || user === null)
      return internalError(request, 'no User found in the context', { cause: noUser() })
    const { attributes: told } = given
    return attributesOrRefusal(request, user, told === undefined ? read : () => told())
  }
}

function attributesOrRefusal(
  request: AuthenticationRequest,
  user: UserInfo,
  read: ReadAttributes,
): Attributes | StatusError {
  try {
    const told = read(request)
    // A promise, like any object without a verb, would be authorized as an empty path.
    if (typeof told.verb !== 'string')
      throw new TypeError('the verb of the request attributes must be a string')
    return attributesOf(user, told)
  } catch (thrown) {
    if (isStatusError(thrown)) return thrown
    return internalError(request, asAuthorizationError(thrown).message, { cause: thrown })
  }
}
