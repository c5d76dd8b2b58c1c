/** The states of an adapter's requests, each with the lifetime of its request. */
export interface RequestStates<S extends object> {
  /** The state of a request, or of the request that an object inherits from. A copy of a request, such as `{ ...req }`, has none. */
  of(request: object): S | undefined
  /** Sets the state of a request. @throws {TypeError} if the request is frozen. */
  keep(request: object, state: S): void
}

/** A state, and the request that has it: a copy of the request has the same property, but is another object. */
interface Kept<S> {
  readonly request: object
  readonly state: S
}

/**
 * The states of requests, shared by all copies of an adapter in one process.
 *
 * A request has its state in the property `Symbol.for('@kube-authn/NAME')`, which is not enumerable. In a `WeakMap` it would keep its request
 * from being collected while that is young, which takes longer than all the rest.
 *
 * @param name unique for the adapter and the version of its states.
 */
export function requestStates<S extends object>(name: string): RequestStates<S> {
  const key = Symbol.for(`@kube-authn/${name}`)
  return {
    of(request) {
      const kept = (request as { readonly [key]?: Kept<S> })[key]
      if (kept === undefined) return undefined
      return kept.request === request || standsFor(request, kept.request) ? kept.state : undefined
    },
    keep(request, state) {
      const value: Kept<S> = { request, state }
      Object.defineProperty(request, key, { value, configurable: true })
    },
  }
}

/** Whether an object inherits from a request, and was not received itself. */
function standsFor(object: object, request: object): boolean {
  let each: object | null = object
  while (each !== null && each !== request) {
    if (isReceived(each)) return false
    each = Object.getPrototypeOf(each) as object | null
  }
  return each === request
}

/** Over HTTP/2 a request inherits `rawHeaders`, and is a stream itself. A context of Hono has an `env`. */
function isReceived(object: object): boolean {
  return (
    Object.hasOwn(object, 'rawHeaders') ||
    Object.hasOwn(object, '_readableState') ||
    Object.hasOwn(object, 'env')
  )
}
