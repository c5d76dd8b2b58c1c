import { andThen, type Awaitable } from '../internal/awaitable.ts'
import { type Context, WaitingContext } from '../authenticator/context.ts'
import { notify, type Observer } from '../authenticator/events.ts'
import {
  aFunction,
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
import { internalError } from './internal-error.ts'
import { noUser } from './no-user.ts'
import { requestAttributes } from './request-attributes.ts'
import { tooBusy } from './too-busy.ts'

/** Says what a request is about. Throwing a `StatusError` refuses it with that answer; throwing anything else is a 500. */
export type ReadAttributes = (request: AuthenticationRequest) => RequestAttributes

/** How requests are authorized, beyond the authorizer itself. The same in every adapter. */
export interface AuthorizeRequestOptions {
  /** What a request is about. Default: Kubernetes-style paths; any other path is authorized as that path. */
  readonly attributes?: ReadAttributes
  /** Told of every request and of what every authorizer thought of it. */
  readonly observer?: Observer
}

/** The checks of {@link AuthorizeRequestOptions}, for adapters whose options have more. */
export const authorizeRequestShape: OptionsShape<AuthorizeRequestOptions> = {
  attributes: aFunction,
  observer: aFunction,
}

/** What is known of one request beyond itself. */
export interface AuthorizeRequestContext {
  /**
   * What the request is about, where an adapter knows: before {@link AuthorizeRequestOptions.attributes}. What it throws is
   * answered in the same way.
   */
  readonly attributes?: () => RequestAttributes
  /** Aborted when the caller no longer waits. It is read only when an authorizer asks for it. */
  readonly signal?: AbortSignal | undefined
}

/** The user may do it. */
export interface AuthorizedRequest {
  readonly attributes: Attributes
  readonly reason: string
}

/** The user may not do it, or nobody could tell. */
export interface ForbiddenRequest {
  readonly failure: StatusError
}

/** What became of a request. */
export type AuthorizationOutcome = AuthorizedRequest | ForbiddenRequest

/** Decides whether the user may make the request. It never throws and never rejects. */
export type AuthorizeRequest = (
  request: AuthenticationRequest,
  user: UserInfo | undefined,
  context?: AuthorizeRequestContext,
) => Awaitable<AuthorizationOutcome>

/**
 * Lets a request pass if its user may make it, in one place for all adapters.
 *
 * 0. A request of which a part is missing is refused as its `refusal` says.
 * 1. Allowed passes, even when something went wrong on the way there.
 * 2. Otherwise an error is a 500, an authorizer that is too busy a 503, and everything else a 403 that says what was refused.
 * 3. A request without a user is a 500: authentication was left out.
 *
 * Source: apiserver `pkg/endpoints/filters/authorization.go`.
 *
 * @throws {ConfigurationError} when there is no authorizer.
 * @example
 * const authorize = authorizeRequest(rbac(policy))
 * const outcome = await authorize(fetchRequest(request), user)
 * if ('failure' in outcome) return outcome.failure.getResponse()
 */
export function authorizeRequest(
  authorizer: Authorizer,
  options: AuthorizeRequestOptions = {},
): AuthorizeRequest {
  refuseProblems(anAuthorizer(authorizer, 'authorizer'), optionProblems(authorizeRequestShape, options))
  const { observer } = options
  const attributesFor = attributesReader(options.attributes)

  return function authorizeOne(request, user, given = {}) {
    const start = observer === undefined ? 0 : performance.now()

    const report = (outcome: AuthorizationOutcome, attributes?: Attributes, decision?: Decision): void => {
      if (observer === undefined) return
      notify(observer, {
        type: 'authorization',
        request,
        durationSeconds: (performance.now() - start) / 1000,
        reason: decision?.reason ?? '',
        ...('failure' in outcome
          ? { result: outcome.failure.status === 403 ? 'forbid' : 'error', failure: outcome.failure }
          : { result: 'allow' }),
        ...(attributes !== undefined && { attributes }),
        ...(decision !== undefined && { verdict: decision.verdict }),
        ...(decision?.error !== undefined && { error: decision.error }),
      })
    }

    const conclude = (attributes: Attributes, decision: Decision): AuthorizationOutcome => {
      const outcome = outcomeOf(request, attributes, decision)
      report(outcome, attributes, decision)
      return outcome
    }

    const attributes = request.refusal ?? attributesFor(request, user, given)
    if (isStatusError(attributes)) {
      const outcome = { failure: attributes }
      report(outcome)
      return outcome
    }
    return andThen(decide(authorizer, attributes, contextOf(observer, given)), (decision) =>
      conclude(attributes, decision),
    )
  }
}

function outcomeOf(
  request: AuthenticationRequest,
  attributes: Attributes,
  decision: Decision,
): AuthorizationOutcome {
  const { verdict, reason, error } = decision
  if (verdict === 'allow') return { attributes, reason }
  if (error !== undefined) {
    return { failure: tooBusy(error) ?? internalError(request, error.message, { cause: error }) }
  }
  return { failure: forbidden(attributes, reason) }
}

/** The context an authorizer is asked in. */
export function contextOf(observer: Observer | undefined, given: Pick<Context, 'signal'>): Context {
  return new WaitingContext(given, observer)
}

/** Finds out what a user wants to do with a request, or the answer to refuse it with. */
export function attributesReader(
  read: ReadAttributes = requestAttributes,
): (
  request: AuthenticationRequest,
  user: UserInfo | undefined,
  given: AuthorizeRequestContext,
) => Attributes | StatusError {
  return (request, user, given) => {
    // Not every caller is type-checked, and nobody must become somebody here.
    if (user === undefined || user === null)
      return internalError(request, 'no User found in the context', { cause: noUser() })
    try {
      const told = given.attributes === undefined ? read(request) : given.attributes()
      // A promise, and what has no verb, would be authorized as a path without a name.
      if (typeof told.verb !== 'string') throw new TypeError('the attributes of a request have no verb')
      return attributesOf(user, told)
    } catch (thrown) {
      if (isStatusError(thrown)) return thrown
      return internalError(request, asAuthorizationError(thrown).message, { cause: thrown })
    }
  }
}
