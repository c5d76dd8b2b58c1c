import type { Authenticator, Awaitable } from '@kube-authn/core'
import {
  aFunction,
  closeConnection,
  notify,
  Received,
  warningHeaders,
  whenOver,
} from '@kube-authn/core/adapter'
import {
  type AnswerHeaders,
  type AuthenticateRequestOptions,
  authenticationOf,
  authenticationShape,
  type Ending,
  fetchEnding,
  IMPERSONATES,
  keepAlive,
  memberOf,
  settleUser,
} from '@kube-authn/core/internal'
import { contextOf, type Handler } from './context.ts'
import { answer, type FailureOptions } from './failure.ts'
import { changeHeaders, DecisionContext, type RequestState, stateOf, users } from './state.ts'

/** Options of {@link withAuthentication}. */
export interface AuthenticationOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends AuthenticateRequestOptions, FailureOptions<Req, Rest> {}

/**
 * Wraps a handler of Fetch requests, so that it is called for authenticated requests only; the others get a 401.
 *
 * The handler gets the request without the headers that carried the credential, then the user, then all further arguments of the caller, such as
 * `env` and `ctx` on Workers or `{ params }` in Next.js.
 *
 * @typeParam Req the class of the request, such as `NextRequest`.
 * @typeParam Rest the further arguments.
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * export const GET = withAuthentication(authenticator, (request, { user }) => Response.json({ username: user.username }))
 */
export function withAuthentication<Req extends Request = Request, Rest extends readonly unknown[] = []>(
  authenticator: Authenticator,
  handler: Handler<Req, Rest, Awaitable<Response>>,
  options: AuthenticationOptions<Req, Rest> = {},
): (request: Req, ...rest: Rest) => Promise<Response> {
  const authenticate = authenticationOf(
    authenticator,
    authenticationShape,
    options,
    aFunction(handler, 'handler'),
  )
  const { observer, onFailure = answer } = options
  const impersonates = Reflect.get(handler, IMPERSONATES) === true

  return async function authenticatedHandler(received, ...further) {
    const state = stateOf(received, further)
    const headers = new ResponseHeaders()
    if (observer !== undefined) notify(observer, new Received(state.request, headers))
    const ending = observer === undefined ? undefined : endingOf(state)
    const deciding = authenticate(state.request, new DecisionContext(state, impersonates))
    if (deciding instanceof Promise) keepAlive(deciding, () => further.find(isExecutionContext))
    const outcome = await deciding
    ending?.tell((status) => notify(observer, { type: 'response', request: state.request, status }))
    let expected = 500
    try {
      if (outcome.closesConnection && state.connection !== undefined)
        closeConnection(state.connection.incoming)
      const request = changeHeaders(state, received, outcome.headerChanges)
      settleUser(users, state, outcome)
      let response: Response
      if ('failure' in outcome) {
        expected = outcome.failure.status
        response = headers.addTo(await onFailure(outcome.failure, request, ...further), [])
      } else {
        const answered = await handler(request, contextOf(state), ...further)
        response = headers.addTo(answered, outcome.warnings)
      }
      ending?.answered(response.status)
      return response
    } catch (error) {
      // The final status is unknown here: for a refusal assume its own status, and 500 for anything else that is thrown.
      ending?.answered(expected)
      throw error
    }
  }
}

/** Node reports what was really sent. On other runtimes only the app's response is known, or that the client disconnected before. */
function endingOf({ connection, current }: RequestState): Ending {
  if (connection === undefined) return fetchEnding(current.signal)
  return { answered: () => {}, tell: whenOver(connection.incoming, connection.outgoing) }
}

/** Whether an argument after the request is the context of Workers. */
function isExecutionContext(value: unknown): value is { waitUntil(work: Promise<unknown>): void } {
  return typeof memberOf(value, 'waitUntil') === 'function'
}

/** The headers that a response of the app gets: warnings, and the id of the request in audit logs. */
class ResponseHeaders implements AnswerHeaders {
  readonly #added: (readonly [name: string, value: string])[] = []

  hasHeader(): boolean {
    return false
  }

  setHeader(name: string, value: string): void {
    this.#added.push([name, value])
  }

  /** Adds them to a response; to a copy of it if its headers are immutable. Existing headers are kept. */
  addTo(response: Response, warnings: readonly string[]): Response {
    const missing = this.#added.filter(([name]) => !response.headers.has(name))
    const all = [...missing, ...warningHeaders(warnings).map((value) => ['Warning', value] as const)]
    // A WebSocket or an error has no headers that an app could set.
    if (all.length === 0 || response.status < 200) return response
    try {
      return withHeaders(response, all)
    } catch {
      return withHeaders(new Response(response.body, response), all)
    }
  }
}

function withHeaders(
  response: Response,
  added: readonly (readonly [name: string, value: string])[],
): Response {
  for (const [name, value] of added) response.headers.append(name, value)
  return response
}
