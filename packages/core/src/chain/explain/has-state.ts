/** The adapters register what they know of requests, in all copies of them, under symbols of this form: `RequestStates`. */
const STATES = /^@kube-authn\/[a-z]+\/state@/

/** Whether a middleware of an adapter has already handled a request, given as its framework gives it. */
export function hasState(request: unknown): boolean {
  if (typeof request !== 'object' || request === null) return false
  return Object.getOwnPropertySymbols(globalThis)
    .filter(({ description = '' }) => STATES.test(description))
    .some((key) => {
      const states: unknown = Reflect.get(globalThis, key)
      return isStates(states) && states.of(request) !== undefined
    })
}

function isStates(states: unknown): states is { of(request: object): unknown } {
  return typeof states === 'function' && 'of' in states && typeof states.of === 'function'
}
