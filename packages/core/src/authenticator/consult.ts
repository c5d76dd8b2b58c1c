import type {
  Authentication,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from './authenticator.ts'
import { andThen, type Awaitable, settle } from '../internal/awaitable.ts'
import type { Context } from './context.ts'
import { asAuthenticationError } from './errors.ts'
import { notify } from './notify.ts'
import type { Observer } from './events.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/*
 * Authenticators call each other only through these functions, so that an observer sees every call and every outcome.
 */

/** Asks an authenticator about a request. */
export function consult(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  context: Context,
): Awaitable<Authentication | undefined> {
  const { observer } = context
  if (observer === undefined) return authenticator.authenticate(request, context)
  return watched(authenticator.name, observer, () => authenticator.authenticate(request, context))
}

/** Asks a token authenticator about a token. */
export function consultToken(
  authenticator: TokenAuthenticator,
  token: string,
  context: Context,
): Awaitable<Authentication | undefined> {
  const { observer } = context
  if (observer === undefined) return authenticator.authenticateToken(token, context)
  return watched(authenticator.name, observer, () => authenticator.authenticateToken(token, context))
}

/** Asks a password authenticator about a password. */
export function consultPassword(
  authenticator: PasswordAuthenticator,
  username: string,
  password: string,
  context: Context,
): Awaitable<Authentication | undefined> {
  const { observer } = context
  if (observer === undefined) return authenticator.authenticatePassword(username, password, context)
  return watched(authenticator.name, observer, () =>
    authenticator.authenticatePassword(username, password, context),
  )
}

/** Calls `ask` and reports it to the observer under this name. */
export function watched(
  authenticator: string,
  observer: Observer,
  ask: () => Awaitable<Authentication | undefined>,
): Awaitable<Authentication | undefined> {
  notify(observer, { type: 'consulting', authenticator })
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  return settle(
    () => andThen(ask(), asAnswer),
    (answer) => {
      notify(observer, {
        type: 'consulted',
        authenticator,
        durationSeconds: elapsed(),
        ...(answer === undefined
          ? { outcome: 'noOpinion' }
          : { outcome: 'authenticated', user: answer.user }),
      })
      return answer
    },
    (thrown) => {
      const error = asAuthenticationError(thrown)
      notify(observer, {
        type: 'consulted',
        authenticator,
        durationSeconds: elapsed(),
        outcome: error.code,
        error,
      })
      throw error
    },
  )
}

/** An authenticator in plain JavaScript may return anything; a value that is not an answer is a fault of that authenticator. */
function asAnswer(answer: Authentication | undefined): Authentication | undefined {
  if (answer !== undefined && typeof (answer as Partial<Authentication> | null)?.user !== 'object') {
    throw new TypeError('an authenticator returned an answer without a user')
  }
  return answer
}
