import type { Authentication } from './authenticator.ts'
import { andThen, type Awaitable, isPromiseLike, promiseOf } from '../internal/awaitable.ts'
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

/**
 * Asks an authenticator for its opinion. It never throws and never rejects.
 *
 * Authenticators call each other only through this function, so that an observer sees every call and every outcome.
 *
 * @param ask calls a method of the authenticator, which may throw and reject.
 */
export function consult(
  { name }: Named,
  { observer }: Context,
  ask: () => Awaitable<Authentication | undefined>,
): Awaitable<Opinion> {
  return observer === undefined ? attempt(ask, name) : watched(name, observer, ask)
}

/**
 * Turns what is thrown, and what a promise is rejected with, into an error value.
 *
 * @param name that of the authenticator, for the log.
 */
export function attempt(ask: () => Awaitable<Authentication | undefined>, name?: string): Awaitable<Opinion> {
  const refused = (thrown: unknown): Opinion => {
    const error = asAuthenticationError(thrown)
    // The innermost authenticator comes first, and stays.
    if (name !== undefined && !refusers.has(error)) refusers.set(error, name)
    return { error }
  }
  try {
    const answer = ask()
    return isPromiseLike(answer) ? promiseOf(answer).then(answered, refused) : { answer }
  } catch (thrown) {
    return refused(thrown)
  }
}

function answered(answer: Authentication | undefined): Opinion {
  return { answer }
}

/** The answer of an opinion. @throws {AuthenticationError} its error. */
export function answerOrThrow({ answer, error }: Opinion): Authentication | undefined {
  if (error !== undefined) throw error
  return answer
}

/** The answer to a credential that was sent. @throws {AuthenticationError} its error, or without one `unknown`. */
export function answerOr({ answer, error }: Opinion, unknown: AuthenticationError): Authentication {
  if (answer === undefined) throw error ?? unknown
  return answer
}

/** The same as an attempt, reported to the observer. */
function watched(
  authenticator: string,
  observer: Observer,
  ask: () => Awaitable<Authentication | undefined>,
): Awaitable<Opinion> {
  notify(observer, { type: 'consulting', authenticator })
  const start = performance.now()
  const asked = attempt(() => andThen(ask(), requireUser), authenticator)
  return andThen(asked, (opinion) => {
    const { answer, error } = opinion
    const durationSeconds = (performance.now() - start) / 1000
    const outcome =
      error !== undefined
        ? ({ outcome: error.code, error } as const)
        : answer === undefined
          ? ({ outcome: 'noOpinion' } as const)
          : ({ outcome: 'authenticated', user: answer.user } as const)
    notify(observer, { type: 'consulted', authenticator, durationSeconds, ...outcome })
    return opinion
  })
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
