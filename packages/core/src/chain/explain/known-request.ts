import { isObject } from '../../internal/objects.ts'
import type { AuthenticationRequest } from '../../request/request.ts'

/** The adapters register what they know of requests, in all copies of them, under symbols of this form: `RequestStates`. */
const STATES = /^@kube-authn\/[a-z]+\/state@/

/** Whether a middleware of an adapter has already handled a request, given as its framework gives it. */
export function hasState(request: unknown): boolean {
  return knownRequest(request) !== undefined
}

/**
 * The request that the middlewares of an adapter decided about, if there were any. Observers correlate events by it, and its path is the one that was authorized.
 *
 * @param received the request or context of a framework.
 */
export function knownRequest(received: unknown): AuthenticationRequest | undefined {
  if (typeof received !== 'object' || received === null) return undefined
  for (const states of registeredStates()) {
    const state = states.of(received)
    if (hasRequest(state)) return state.request
  }
  return undefined
}

interface States {
  of(request: object): unknown
}

function registeredStates(): readonly States[] {
  return Object.getOwnPropertySymbols(globalThis)
    .filter((key) => STATES.test(key.description ?? ''))
    .map((key): unknown => Reflect.get(globalThis, key))
    .filter(isStates)
}

function isStates(states: unknown): states is States {
  return isObject(states) && typeof states['of'] === 'function'
}

/** Other copies of an adapter may have other members in their states. */
function hasRequest(state: unknown): state is { readonly request: AuthenticationRequest } {
  return isObject(state) && isObject(state['request'])
}
