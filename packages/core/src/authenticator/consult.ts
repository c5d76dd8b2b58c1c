import type { Authentication } from './authenticator.ts'
import { andThen, type Awaitable, isPromiseLike, promiseOf, settle } from '../internal/awaitable.ts'
import type { Context } from './context.ts'
import { asAuthenticationError, type AuthenticationError } from './errors.ts'
import type { Observer } from './events.ts'
import { notify } from './notify.ts'

/** What an authenticator returned or threw: a user, no opinion, or an error. */
export type Opinion =
  | { readonly answer: Authentication | undefined; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: AuthenticationError }

/** Anything with a name; the one who asks knows how. */
interface Named {
  readonly name: string
}

/** Calls a method of an authenticator. It may throw and reject. */
type Ask = () => Awaitable<Authentication | undefined>

/**
 * Asks an authenticator, and returns or throws what it does.
 *
 * Authenticators call each other only through this function and {@link attempt}, so that an observer sees every call and every outcome.
 */
export function consult(
  { name }: Named,
  { observer }: Context,
  ask: Ask,
): Awaitable<Authentication | undefined> {
  return observer === undefined ? ask() : watched(name, observer, ask)
}

/** The same with the error as a value. It never throws and never rejects. */
export function attempt(authenticator: Named, context: Context, ask: Ask): Awaitable<Opinion> {
  const refused = (thrown: unknown): Opinion => {
    const error = asAuthenticationError(thrown)
    // The innermost authenticator comes first, and stays.
    if (!refusers.has(error)) refusers.set(error, authenticator.name)
    return { error }
  }
  try {
    const answer = consult(authenticator, context, ask)
    return isPromiseLike(answer) ? promiseOf(answer).then((late) => ({ answer: late }), refused) : { answer }
  } catch (thrown) {
    return refused(thrown)
  }
}

/** The answer to a credential that was sent. @throws {AuthenticationError} its error, or without one `unknown`. */
export function answerOr({ answer, error }: Opinion, unknown: AuthenticationError): Authentication {
  if (answer === undefined) throw error ?? unknown
  return answer
}

function watched(authenticator: string, observer: Observer, ask: Ask): Awaitable<Authentication | undefined> {
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
