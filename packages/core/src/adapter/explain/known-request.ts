import { requestStates } from '../../internal/request-states.ts'
import { isObject } from '../../internal/objects.ts'
import type { AuthenticationRequest } from '../../request/request.ts'

/** The names of the states that adapters give requests: `requestStates`. */
const STATE = /^@kube-authn\/([a-z]+\/state@.*)$/

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
  for (const name of namesOfStates(received)) {
    const state = requestStates(name).of(received)
    if (hasRequest(state)) return state.request
  }
  return undefined
}

/** The names of the states of a request and of those that it inherits from, of all adapters and all copies of them. */
function namesOfStates(received: object): readonly string[] {
  const names: string[] = []
  for (let object: unknown = received; isObject(object); object = Object.getPrototypeOf(object)) {
    for (const { description = '' } of Object.getOwnPropertySymbols(object)) {
      const name = STATE.exec(description)?.[1]
      if (name !== undefined) names.push(name)
    }
  }
  return names
}

/** Other copies of an adapter may have other members in their states. */
function hasRequest(state: unknown): state is { readonly request: AuthenticationRequest } {
  return isObject(state) && isObject(state['request'])
}
