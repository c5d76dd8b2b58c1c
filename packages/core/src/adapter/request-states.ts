import { Given } from '../internal/given.ts'

/** What the middlewares of an adapter know of requests, each with the lifetime of its request. */
export interface RequestStates<S extends object> {
  /** The state of a request, if it has one. */
  of(request: object): S | undefined
  /** Sets the state of a request that has none. */
  keep(request: object, state: S): void
}

/**
 * The states of requests, shared by all copies of an adapter in one process.
 *
 * The state is in a private field of the request. A copy of a request, such as `{ ...req }`, does not have it and is not authenticated. A
 * property that is not enumerable would do the same, and setting one takes nearly as long as looking up a token. An object that inherits
 * from a request of Node has the state of that.
 *
 * @param name unique for the adapter and the version of its states.
 */
export function requestStates<S extends object>(name: string): RequestStates<S> {
  const key = Symbol.for(`@kube-authn/${name}`)
  const shared: unknown = Reflect.get(globalThis, key)
  // Whatever is under this key was stored below, perhaps by another copy.
  if (shared !== undefined) return shared as RequestStates<S>
  const own = privateStates<S>()
  Reflect.defineProperty(globalThis, key, { value: own })
  return own
}

function privateStates<S extends object>(): RequestStates<S> {
  return class State extends Given {
    readonly #state: S

    constructor(request: object, state: S) {
      super(request)
      this.#state = state
    }

    static of(request: object): S | undefined {
      if (#state in request) return request.#state
      // Readable streams and mock requests have these themselves, and so does a context of Hono.
      const isReceived =
        Object.hasOwn(request, 'rawHeaders') ||
        Object.hasOwn(request, '_readableState') ||
        Object.hasOwn(request, 'env')
      return isReceived ? undefined : State.#inherited(request)
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
