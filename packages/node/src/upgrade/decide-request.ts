import type { IncomingMessage } from 'node:http'
import type {
  Authentication,
  AuthenticationRequest,
  Authenticator,
  Awaitable,
  HeaderChanges,
} from '@kube-authn/core'
import {
  aFunction,
  authenticateRequest,
  authorizeRequest,
  impersonateRequest,
  notify,
  type OptionsShape,
  StatusError,
} from '@kube-authn/core/adapter'
import type { Authorizer, RequestAttributes } from '@kube-authn/core/authorization'
import {
  defined,
  anAuthorizer,
  aPathPrefix,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
  isStatusError,
  logRefusal,
} from '@kube-authn/core/internal'

/** What decides about requests and upgrades. `M` is the request of Node. */
export interface DecideRequestOptions<M = IncomingMessage> extends AuthenticateRequestOptions {
  /** Called before the credential is checked. Anything but `true` is a 429; a thrown `StatusError` is the answer, and any other error a 500. */
  readonly limit?: (request: M) => Awaitable<boolean>
  /** Allows users to act as others by `Impersonate-*` headers. Default: such a request is a 403. */
  readonly impersonation?: Authorizer
  /** Decides whether the user may make the request. Default: every user may. */
  readonly authorization?: Authorizer
  /** The attributes of a request, for both authorizers. Default: from Kubernetes-style paths. */
  readonly attributes?: (request: M) => RequestAttributes
  /** What the path of every request begins with, for both authorizers: as `prefix` of the middlewares. Default: none. */
  readonly prefix?: string
  /**
   * Called with every request that is authenticated and authorized; the headers are as they came. Anything but `true` is a 403; a thrown `StatusError` is the
   * answer, and any other error a 500.
   */
  readonly guard?: (request: M, authentication: Authentication) => Awaitable<boolean>
}

export const decideRequestShape: OptionsShape<DecideRequestOptions<never>> = {
  ...authenticateRequestShape,
  limit: aFunction,
  impersonation: anAuthorizer,
  authorization: anAuthorizer,
  attributes: aFunction,
  prefix: aPathPrefix,
  guard: aFunction,
}

export interface AcceptedRequest {
  readonly authentication: Authentication
  /** Each is to be sent as a `Warning` header. */
  readonly warnings: readonly string[]
}

/** What becomes of a request. */
export type RequestDecision = (AcceptedRequest | { readonly failure: StatusError }) & {
  readonly headerChanges: HeaderChanges
  /** HTTP/2 only: close the connection after the response. */
  readonly closesConnection: boolean
}

/** Decides about a request or an upgrade. It never rejects. */
export type DecideRequest<M = IncomingMessage> = (
  request: AuthenticationRequest,
  message: M,
  context: { readonly signal: AbortSignal },
) => Promise<RequestDecision>

/** The limit, authentication, impersonation, authorization, and then the guard. @param options valid ones. */
export function decideRequest<M = IncomingMessage>(
  authenticator: Authenticator,
  options: DecideRequestOptions<M>,
): DecideRequest<M> {
  const { impersonation, authorization, attributes, prefix, limit, guard, ...ofAuthentication } = options
  const { observer, log = authenticator.log } = options
  const telling = defined({ observer, log })
  const authenticate = authenticateRequest(authenticator, ofAuthentication)
  const deciding = { ...telling, ...defined({ prefix }) }
  const impersonate = impersonation && impersonateRequest(impersonation, deciding)
  const authorize = authorization && authorizeRequest(authorization, deciding)

  const refuse = (
    request: AuthenticationRequest,
    failure: StatusError,
    user?: Authentication['user'],
  ): StatusError => {
    logRefusal(log, { request, failure, by: 'authorization', user })
    notify(observer, {
      type: 'authorization',
      request,
      result: failure.status < 500 ? 'forbid' : 'error',
      reason: failure.message,
      failure,
      durationSeconds: 0,
    })
    return failure
  }

  return async function decideOne(request, message, given) {
    const known: { attributes?: () => RequestAttributes } =
      attributes === undefined ? {} : { attributes: () => attributes(message) }
    const limited = limit && (await failureOf(() => limit(message), TOO_MANY_REQUESTS))
    if (limited !== undefined) {
      return { failure: refuse(request, limited), headerChanges: NO_CHANGES, closesConnection: false }
    }
    const impersonates = impersonate !== undefined
    const first = await authenticate(request, new AuthenticationContext(given, impersonates))
    const { closesConnection } = first
    if ('failure' in first) return first
    let { authentication, headerChanges } = first
    if (impersonate !== undefined) {
      const { revocation } = authentication
      const context = Object.assign(new AuthenticationContext(given, impersonates), known, { revocation })
      const acting = await impersonate(request, authentication.user, context)
      headerChanges = bothChanges(headerChanges, acting.headerChanges)
      if ('failure' in acting) return { failure: acting.failure, headerChanges, closesConnection }
      if (acting.requester !== undefined && acting.user !== undefined) {
        authentication = {
          ...authentication,
          user: acting.user,
          requester: acting.requester,
          ...(acting.revocation !== undefined && { revocation: acting.revocation }),
        }
      }
    } else if (first.held !== undefined) {
      return { failure: first.held.failure, headerChanges, closesConnection }
    }
    if (authorize !== undefined) {
      const context = Object.assign(new AuthenticationContext(given, impersonates), known)
      const allowed = await authorize(request, authentication.user, context)
      if ('failure' in allowed) return { failure: allowed.failure, headerChanges, closesConnection }
    }
    const guarded = guard && (await failureOf(() => guard(message, authentication), FORBIDDEN))
    if (guarded !== undefined) {
      return { failure: refuse(request, guarded, authentication.user), headerChanges, closesConnection }
    }
    return { authentication, headerChanges, warnings: first.warnings, closesConnection }
  }
}

/** The signal is made only if something waits. */
class AuthenticationContext {
  readonly impersonates: boolean
  readonly #context: { readonly signal: AbortSignal }

  constructor(context: { readonly signal: AbortSignal }, impersonates: boolean) {
    this.#context = context
    this.impersonates = impersonates
  }

  get signal(): AbortSignal {
    return this.#context.signal
  }
}

/** Asks a function of the app. */
async function failureOf(
  ask: () => Awaitable<boolean>,
  refusal: ConstructorParameters<typeof StatusError>[0],
): Promise<StatusError | undefined> {
  try {
    const answer: unknown = await ask()
    return answer === true ? undefined : new StatusError(refusal)
  } catch (thrown) {
    if (isStatusError(thrown)) return thrown
    return new StatusError({
      status: 500,
      reason: 'InternalError',
      message: 'the server could not decide about the request',
      cause: thrown,
    })
  }
}

const TOO_MANY_REQUESTS = {
  status: 429,
  reason: 'TooManyRequests',
  message: 'too many requests, please try again later',
  details: Object.freeze({}),
} as const

const FORBIDDEN = {
  status: 403,
  reason: 'Forbidden',
  message: 'forbidden: this server does not allow the request',
  details: Object.freeze({}),
} as const

const NO_CHANGES: HeaderChanges = { remove: [] }

function bothChanges(one: HeaderChanges, other: HeaderChanges): HeaderChanges {
  return {
    remove: [...one.remove, ...other.remove],
    removePrefixes: [...(one.removePrefixes ?? []), ...(other.removePrefixes ?? [])],
    removeTwinsOf: [...(one.removeTwinsOf ?? []), ...(other.removeTwinsOf ?? [])],
    removeCookies: [...(one.removeCookies ?? []), ...(other.removeCookies ?? [])],
    replace: [...(one.replace ?? []), ...(other.replace ?? [])],
  }
}
