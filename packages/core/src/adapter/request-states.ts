import { Given } from '../internal/given.ts'
import type { Authentication } from '../authenticator/authenticator.ts'
import type { HeldRequest, RequestOutcome } from '../handler/request-outcome.ts'
import { advise } from '../authenticator/advise.ts'
import type { Log } from '../authenticator/log.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** What the middlewares of an adapter know of a request. Other versions of an adapter may read it, so a change of it is a new version of its name. */
export class RequestState {
  /** The same object for all middlewares: observers correlate events by it. */
  readonly request: AuthenticationRequest
  authentication: Authentication | undefined = undefined
  /** Set if the request asks to impersonate a user, until that is granted. */
  held: HeldRequest | undefined = undefined

  constructor(request: AuthenticationRequest) {
    this.request = request
  }
}

/** How an adapter keeps the users of its requests. `R` is the request of the framework, or its context. */
export interface Users<R> {
  stateOf(request: R): Pick<RequestState, 'request' | 'held'>
  authenticationOf(request: R): Authentication | undefined
  /** Sets the user, which ends a hold. @param log says that a user of an earlier middleware was replaced. */
  setAuthentication(request: R, authentication: Authentication, log?: Log): void
  /** Removes the user, and holds the request. */
  hold(request: R, held: HeldRequest): void
}

/** Gives a request the user of an outcome, or holds it. Change its headers before. */
export function settleUser<R>(users: Users<R>, request: R, outcome: RequestOutcome, log?: Log): void {
  if ('failure' in outcome) {
    if (outcome.unresolvedImpersonation !== undefined) users.hold(request, outcome)
  } else if (outcome.held === undefined) users.setAuthentication(request, outcome.authentication, log)
  else users.hold(request, outcome.held)
}

/**
 * The authentication of a request, for the accessors of an adapter.
 *
 * @param missing the message if there is none: what to change in the app.
 * @throws {StatusError} 403, if the request is held.
 * @throws {Error} if the request was not authenticated.
 */
export function requireAuthentication(
  { authentication, held }: Partial<Pick<RequestState, 'authentication' | 'held'>>,
  missing: string,
): Authentication {
  if (held !== undefined) throw held.failure
  if (authentication === undefined) throw new Error(missing)
  return authentication
}

/** The message for frameworks with middlewares. */
export const NO_AUTHENTICATION =
  'the authentication middleware did not run for this request: put app.use(authentication(...)) before its route'

/**
 * Keeps users in the states of requests, and shows each as the property `user` of its request.
 *
 * @param shown the property, as the app knows it: `req.user`.
 */
export function usersAsProperty<R extends object>(
  stateOf: (request: R) => RequestState,
  shown: string,
): Users<R> {
  return {
    stateOf,
    authenticationOf: (request) => stateOf(request).authentication,
    setAuthentication(request: R & { user?: UserInfo | null }, authentication, log) {
      const state = stateOf(request)
      const isFirst = state.authentication === undefined && state.held === undefined
      if (isFirst && request.user !== undefined && request.user !== null) advise(log, 'userReplaced', shown)
      state.authentication = authentication
      state.held = undefined
      request.user = authentication.user
    },
    hold(request, held) {
      const state = stateOf(request)
      state.authentication = undefined
      state.held = held
      if ('user' in request) Object.assign(request, { user: undefined })
    },
  }
}

/** The states of an adapter's requests, each with the lifetime of its request. */
export interface RequestStates<S extends object> {
  /** The state of a request, if it has one. */
  of(request: object): S | undefined
  /** Sets the state of a request that has none. */
  keep(request: object, state: S): void
}

/**
 * The states of requests, shared by all copies of an adapter in one process.
 *
 * The state is in a private field. A copy of a request, such as `{ ...req }`, does not have it and is not authenticated. A
 * property that is not enumerable would do the same, and setting one takes nearly as long as looking up a token. An object that inherits
 * from a request of Node has the state of that.
 *
 * @param name unique for the adapter and the version of its states.
 * @param make where the states are. Default: {@link statesOfRequests}.
 */
export function requestStates<S extends object>(
  name: string,
  make: () => RequestStates<S> = statesOfRequests,
): RequestStates<S> {
  const key = Symbol.for(`@kube-authn/${name}`)
  const shared: unknown = Reflect.get(globalThis, key)
  // Whatever is under this key was stored below, perhaps by another copy.
  if (shared !== undefined) return shared as RequestStates<S>
  const made = make()
  Reflect.defineProperty(globalThis, key, { value: made })
  return made
}

/** States in the requests themselves. */
function statesOfRequests<S extends object>(): RequestStates<S> {
  return privateStates('rawHeaders')
}

/** States in the contexts of a framework. */
export function statesOfContexts<S extends object>(): RequestStates<S> {
  return privateStates('env')
}

/**
 * States in the `rawHeaders` of requests, each for the one request that it was kept for.
 *
 * Express gives every request another prototype, after which V8 makes a new hidden class for each property that is added to it: that takes longer than
 * all of the authentication. `rawHeaders` are an array of the request alone.
 */
export function statesInRawHeaders<S extends object>(): RequestStates<S> {
  const ofRequests = statesOfRequests<S>()
  // Nearly always there are none, and then a request has its state here or nowhere.
  let hasOthers = false
  return class State extends Given {
    readonly #state: S
    readonly #request: object

    constructor(rawHeaders: object, request: object, state: S) {
      super(rawHeaders)
      this.#state = state
      this.#request = request
    }

    static of(request: object): S | undefined {
      const rawHeaders = rawHeadersOf(request)
      if (rawHeaders !== undefined && #state in rawHeaders) {
        const owner = rawHeaders.#request
        // A copy has the same array.
        if (owner === request || inheritsFrom(request, owner)) return rawHeaders.#state
      }
      return hasOthers ? ofRequests.of(request) : undefined
    }

    static keep(request: object, state: S): void {
      const rawHeaders = rawHeadersOf(request)
      // Mock requests may share an array.
      if (rawHeaders !== undefined && !(#state in rawHeaders) && State.#isKept(rawHeaders, request, state))
        return
      hasOthers = true
      ofRequests.keep(request, state)
    }

    static #isKept(rawHeaders: object, request: object, state: S): boolean {
      try {
        return #state in new State(rawHeaders, request, state)
      } catch {
        // Later versions of ECMAScript refuse a new private field of a frozen array.
        return false
      }
    }
  }
}

function rawHeadersOf(request: { readonly rawHeaders?: unknown }): object | undefined {
  const { rawHeaders } = request
  return typeof rawHeaders === 'object' && rawHeaders !== null ? rawHeaders : undefined
}

/** Whether an object is no request itself, and inherits from this one. */
function inheritsFrom(object: object, request: object): boolean {
  return !isReceived(object, 'rawHeaders') && Object.prototype.isPrototypeOf.call(request, object)
}

/** @param own a property that every request itself has. Readable streams have another one. */
function isReceived(request: object, own: string): boolean {
  return Object.hasOwn(request, own) || Object.hasOwn(request, '_readableState')
}

/** @param own a property that every request itself has, so that it does not inherit from another one. */
function privateStates<S extends object>(own: string): RequestStates<S> {
  return class State extends Given {
    readonly #state: S

    constructor(request: object, state: S) {
      super(request)
      this.#state = state
    }

    static of(request: object): S | undefined {
      if (#state in request) return request.#state
      return isReceived(request, own) ? undefined : State.#inherited(request)
    }

    static keep(request: object, state: S): void {
      void new State(request, state)
    }

    static #inherited(request: object): S | undefined {
      const parent: unknown = Object.getPrototypeOf(request)
      return typeof parent === 'object' && parent !== null ? State.of(parent) : undefined
    }
  }
}
