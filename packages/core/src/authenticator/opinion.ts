import type {
  Authentication,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from './authenticator.ts'
import { type Awaitable, isPromiseLike, promiseOf } from '../internal/awaitable.ts'
import { consult, consultPassword, consultToken } from './consult.ts'
import type { Context } from './context.ts'
import { asAuthenticationError, type AuthenticationError } from './errors.ts'
import { RecurringAnswer } from './recurring-answer.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/*
 * Authenticators throw their errors. Throwing and catching one takes longer than looking up a token, and an error would be thrown once for
 * every level of a chain. So the authenticators of this package pass errors to each other as values; their public methods throw.
 */

/** The outcome of an authenticator: what it returns or throws. */
export type Opinion = Authentication | Refused | undefined

/** An error that is not thrown. */
export class Refused {
  readonly error: AuthenticationError

  /** @param thrown anything. */
  constructor(thrown: unknown) {
    this.error = asAuthenticationError(thrown)
  }
}

/** An opinion, or a promise of one. Never another thenable, since `instanceof` costs less than a look for `then`. */
export type Deciding = Opinion | Promise<Opinion>

/**
 * Whether an opinion is a promise. Every layer of a chain asks for this, and nearly every answer recurs: that is seen at its first
 * prototype, and that it is no promise only at its last.
 */
export function isLater(deciding: Deciding): deciding is Promise<Opinion> {
  return !(deciding instanceof RecurringAnswer) && deciding instanceof Promise
}

/** Whether an opinion is an answer, which is asked for as often. */
export function isAnswer(opinion: Opinion): opinion is Authentication {
  return opinion instanceof RecurringAnswer || !(opinion === undefined || opinion instanceof Refused)
}

/** Marks a method with its variant that returns errors instead of throwing. A method that overrides it is not marked. */
const OPINE: unique symbol = Symbol('opine')

/** Checks one credential. It may throw and reject. */
type Opine<Arguments extends readonly unknown[]> = (...given: Arguments) => Deciding

type Method<Arguments extends readonly unknown[]> = (
  ...given: Arguments
) => Awaitable<Authentication | undefined>

/**
 * Makes a method of an authenticator that throws the errors that `opine` returns or throws.
 */
export function throwing<Arguments extends readonly unknown[]>(opine: Opine<Arguments>): Method<Arguments> {
  const method = (...given: Arguments): Awaitable<Authentication | undefined> => {
    const opinion = opine(...given)
    return opinion instanceof Promise ? opinion.then(orThrow) : orThrow(opinion)
  }
  return Object.assign(method, { [OPINE]: opine })
}

function orThrow(opinion: Opinion): Authentication | undefined {
  if (opinion instanceof Refused) throw opinion.error
  return opinion
}

type MayOpine<Arguments extends readonly unknown[]> = Method<Arguments> & {
  readonly [OPINE]?: Opine<Arguments>
}

/** The opinion of an authenticator on a request. Like the next two functions, it never throws and never rejects. */
export function opinionOf(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  context: Context,
): Deciding {
  try {
    const asked: { readonly authenticate: MayOpine<[AuthenticationRequest, Context]> } = authenticator
    const opine = asked.authenticate[OPINE]
    if (opine === undefined || context.observer !== undefined) {
      return settled(consult(authenticator, request, context))
    }
    const opinion = opine(request, context)
    return isLater(opinion) ? settled(opinion) : opinion
  } catch (error) {
    return new Refused(error)
  }
}

/** The same for an authenticator that is a part of another one: no observer hears of it, and it may throw and reject. */
export function opinionWithin(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  context: Context,
): Deciding {
  const asked: { readonly authenticate: MayOpine<[AuthenticationRequest, Context]> } = authenticator
  const opine = asked.authenticate[OPINE]
  const opinion = opine === undefined ? authenticator.authenticate(request, context) : opine(request, context)
  return isPromiseLike(opinion) ? promiseOf(opinion) : opinion
}

/** The opinion of an authenticator on a token. */
export function opinionOfToken(authenticator: TokenAuthenticator, token: string, context: Context): Deciding {
  try {
    const asked: { readonly authenticateToken: MayOpine<[string, Context]> } = authenticator
    const opine = asked.authenticateToken[OPINE]
    if (opine === undefined || context.observer !== undefined) {
      return settled(consultToken(authenticator, token, context))
    }
    const opinion = opine(token, context)
    return isLater(opinion) ? settled(opinion) : opinion
  } catch (error) {
    return new Refused(error)
  }
}

/** The opinion of an authenticator on a password. */
export function opinionOfPassword(
  authenticator: PasswordAuthenticator,
  { username, password }: Password,
  context: Context,
): Deciding {
  try {
    const asked: { readonly authenticatePassword: MayOpine<[string, string, Context]> } = authenticator
    const opine = asked.authenticatePassword[OPINE]
    if (opine === undefined || context.observer !== undefined) {
      return settled(consultPassword(authenticator, username, password, context))
    }
    const opinion = opine(username, password, context)
    return isLater(opinion) ? settled(opinion) : opinion
  } catch (error) {
    return new Refused(error)
  }
}

/** The credential of a password authenticator. */
export interface Password {
  readonly username: string
  readonly password: string
}

/** Turns a rejection into a value, and any thenable into a promise. */
export function settled(opinion: Awaitable<Opinion>): Deciding {
  return isPromiseLike(opinion) ? promiseOf(opinion).then(undefined, refusedFor) : opinion
}

function refusedFor(thrown: unknown): Refused {
  return new Refused(thrown)
}

/** Continues with an opinion: synchronously unless it is a promise. */
export function onceDecided(deciding: Deciding, next: (opinion: Opinion) => Deciding): Deciding {
  return isLater(deciding) ? deciding.then(next) : next(deciding)
}
