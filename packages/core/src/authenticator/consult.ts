import type {
  Authentication,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from './authenticator.ts'
import { andThen, type Awaitable, isPromiseLike, promiseOf, settle } from '../internal/awaitable.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { Context } from './context.ts'
import { asAuthenticationError, type AuthenticationError } from './errors.ts'
import type { Observer } from './events.ts'
import { notify } from './notify.ts'

/** What an authenticator returns, now or later, unless it throws: a user or no opinion. */
export type Answer = Awaitable<Authentication | undefined>

/** What an authenticator returned or threw: a user, no opinion, or an error. */
export type Opinion =
  | { readonly answer: Authentication | undefined; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: AuthenticationError }

/** How an authenticator of a kind is asked about a credential. */
export type Ask<A, C> = (authenticator: A, credential: C, context: Context) => Answer

export const askRequest: Ask<Authenticator, AuthenticationRequest> = (authenticator, request, context) =>
  authenticator.authenticate(request, context)

export const askToken: Ask<Pick<TokenAuthenticator, 'authenticateToken'>, string> = (asked, token, context) =>
  asked.authenticateToken(token, context)

/** A username and a password. */
export type Login = readonly [username: string, password: string]

export const askPassword: Ask<PasswordAuthenticator, Login> = (asked, [username, password], context) =>
  asked.authenticatePassword(username, password, context)

/** Observers know an authenticator by its name. */
export type Asked = { readonly name: string } | Part

/** A part of an authenticator, which is not observed. */
interface Part {
  readonly isPart: true
}

function isPart(asked: Asked): asked is Part {
  return 'isPart' in asked
}

/**
 * Asks an authenticator, and returns or throws what it does.
 *
 * Authenticators call each other only through this function and {@link attempt}, so that an observer sees every call and every outcome.
 */
export function consult<A extends Asked, C>(
  ask: Ask<A, C>,
  authenticator: A,
  credential: C,
  context: Context,
): Answer {
  const { observer } = context
  return observer === undefined || isPart(authenticator)
    ? ask(authenticator, credential, context)
    : watched(authenticator.name, observer, () => ask(authenticator, credential, context))
}

/** The same with the error as a value. It never throws and never rejects. */
export function attempt<A extends Asked, C>(
  ask: Ask<A, C>,
  authenticator: A,
  credential: C,
  context: Context,
): Awaitable<Opinion> {
  try {
    const answer = consult(ask, authenticator, credential, context)
    if (!isPromiseLike(answer)) return { answer }
    return promiseOf(answer).then(
      (late) => ({ answer: late }),
      (thrown: unknown) => refusedBy(authenticator, thrown),
    )
  } catch (thrown) {
    return refusedBy(authenticator, thrown)
  }
}

function refusedBy(asked: Asked, thrown: unknown): Opinion {
  const error = asAuthenticationError(thrown)
  // The innermost authenticator comes first, and stays.
  if (!isPart(asked) && !refusers.has(error)) refusers.set(error, asked.name)
  return { error }
}

function watched(authenticator: string, observer: Observer, ask: () => Answer): Answer {
  notify(observer, { type: 'consulting', authenticator })
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  return settle(
    () => andThen(ask(), requireUser),
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
      const durationSeconds = elapsed()
      notify(observer, { type: 'consulted', authenticator, durationSeconds, outcome: error.code, error })
      throw error
    },
  )
}

/** An authenticator in plain JavaScript may return anything; a value that is not an answer is a fault of that authenticator. */
function requireUser(answer: Authentication | undefined): Authentication | undefined {
  if (answer !== undefined && typeof (answer as Partial<Authentication> | null)?.user !== 'object') {
    throw new TypeError('an authenticator returned an answer without a user')
  }
  return answer
}

/** Not a member of the error: some errors are shared, and frozen. */
const refusers = new WeakMap<AuthenticationError, string>()

/** The name of the authenticator that an error comes from, if it is known. */
export function refuserOf(error: AuthenticationError): string | undefined {
  return refusers.get(error)
}
