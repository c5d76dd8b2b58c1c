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
import type { AuthenticationRequest } from '../request/request.ts'

/*
 * An authenticator throws its errors. To throw one and catch it takes longer than to look a token up, and an error that passes through a
 * chain would be thrown once a link. So the authenticators of this package hand errors to each other as values. What others call throws.
 */

/** What an authenticator thinks of a credential: what it returns, or what it throws. */
export type Opinion = Authentication | Refused | undefined

/** An error that is not thrown. */
export class Refused {
  readonly error: AuthenticationError

  /** @param thrown anything. */
  constructor(thrown: unknown) {
    this.error = asAuthenticationError(thrown)
  }
}

/** Marks a method with the function that has the same opinion and throws nothing. A method that replaces it has none. */
const OPINE: unique symbol = Symbol('opine')

/** Thinks about one credential. */
type Opine<Arguments extends readonly unknown[]> = (...given: Arguments) => Awaitable<Opinion>

type Method<Arguments extends readonly unknown[]> = (
  ...given: Arguments
) => Awaitable<Authentication | undefined>

/**
 * A method of an authenticator that throws the errors which this function returns, and what it throws.
 */
export function throwing<Arguments extends readonly unknown[]>(opine: Opine<Arguments>): Method<Arguments> {
  const method = (...given: Arguments): Awaitable<Authentication | undefined> => {
    const opinion = opine(...given)
    return isPromiseLike(opinion) ? promiseOf(opinion).then(orThrow) : orThrow(opinion)
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

/** What an authenticator thinks of a request. This and what follows never throws and never rejects. */
export function opinionOf(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  context: Context,
): Awaitable<Opinion> {
  try {
    if (context.observer === undefined) {
      const asked: { readonly authenticate: MayOpine<[AuthenticationRequest, Context]> } = authenticator
      const opine = asked.authenticate[OPINE]
      if (opine !== undefined) return settled(opine(request, context))
    }
    return settled(consult(authenticator, request, context))
  } catch (error) {
    return new Refused(error)
  }
}

/** What an authenticator thinks of a token. */
export function opinionOfToken(
  authenticator: TokenAuthenticator,
  token: string,
  context: Context,
): Awaitable<Opinion> {
  try {
    if (context.observer === undefined) {
      const asked: { readonly authenticateToken: MayOpine<[string, Context]> } = authenticator
      const opine = asked.authenticateToken[OPINE]
      if (opine !== undefined) return settled(opine(token, context))
    }
    return settled(consultToken(authenticator, token, context))
  } catch (error) {
    return new Refused(error)
  }
}

/** What an authenticator thinks of a password. */
export function opinionOfPassword(
  authenticator: PasswordAuthenticator,
  { username, password }: Password,
  context: Context,
): Awaitable<Opinion> {
  try {
    if (context.observer === undefined) {
      const asked: { readonly authenticatePassword: MayOpine<[string, string, Context]> } = authenticator
      const opine = asked.authenticatePassword[OPINE]
      if (opine !== undefined) return settled(opine(username, password, context))
    }
    return settled(consultPassword(authenticator, username, password, context))
  } catch (error) {
    return new Refused(error)
  }
}

/** What a password authenticator is asked about. */
export interface Password {
  readonly username: string
  readonly password: string
}

/** An answer, whose error is a value when it comes later. */
export function settled(opinion: Awaitable<Opinion>): Awaitable<Opinion> {
  return isPromiseLike(opinion) ? promiseOf(opinion).then(undefined, refusedFor) : opinion
}

function refusedFor(thrown: unknown): Refused {
  return new Refused(thrown)
}
