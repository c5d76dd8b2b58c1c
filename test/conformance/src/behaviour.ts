import {
  type Authentication,
  AuthenticationError,
  type Authenticator,
  type Awaitable,
  type Context,
  failFast,
  type PasswordAuthenticator,
  type TokenAuthenticator,
  unavailable,
  union,
  userInfo,
} from '@kube-authn/core'
import type { VectorUser } from './vector.ts'

/** The behaviour of an authenticator in a vector. */
export interface Behaviour {
  readonly returns: 'authenticated' | 'no-opinion' | 'error' | 'authenticated-with-error'
  readonly user?: VectorUser
  readonly audiences?: readonly string[]
  readonly text?: string
  readonly takes_ms?: number
  readonly panics?: boolean
  readonly annotations?: Readonly<Record<string, string>>
  readonly warnings?: readonly string[]
}

/** Several authenticators in one. */
export interface UnionBehaviour {
  readonly union: string
  readonly elements: readonly AnyBehaviour[]
}

export type AnyBehaviour = Behaviour | UnionBehaviour

/** A call of an authenticator. */
export interface Call {
  readonly credential: readonly string[]
  readonly context: Context
}

/** An authenticator of every kind with the behaviour of a vector, which records its calls. */
export interface Scripted extends Authenticator, TokenAuthenticator, PasswordAuthenticator {
  readonly calls: readonly Call[]
}

/** Kinds for {@link scripted}; one that is of every kind cannot be composed. */
export function scripted(behaviour: Behaviour): Scripted {
  const calls: Call[] = []
  const answer = (
    context: Context,
    ...credential: readonly string[]
  ): Awaitable<Authentication | undefined> => {
    calls.push({ credential, context })
    return act(behaviour, context)
  }
  return {
    name: 'scripted',
    calls,
    authenticate: (_request, context) => answer(context),
    authenticateToken: (token, context) => answer(context, token),
    authenticatePassword: (username, password, context) => answer(context, username, password),
  }
}

/** An authenticator of requests and of tokens with the behaviour of a vector, which may be a union of others. */
export function combined(behaviour: AnyBehaviour): {
  readonly requests: Authenticator
  readonly tokens: TokenAuthenticator
  readonly calls: () => readonly Call[]
} {
  if (!('union' in behaviour)) {
    const { name, calls, authenticate, authenticateToken } = scripted(behaviour)
    return { requests: { name, authenticate }, tokens: { name, authenticateToken }, calls: () => calls }
  }
  const elements = behaviour.elements.map(combined)
  const combine = behaviour.union === 'fail-on-error' ? failFast : union
  return {
    requests: combine<Authenticator>(...elements.map(({ requests }) => requests)),
    tokens: combine<TokenAuthenticator>(...elements.map(({ tokens }) => tokens)),
    calls: () => elements.flatMap((each) => each.calls()),
  }
}

function act(behaviour: Behaviour, context: Context): Awaitable<Authentication | undefined> {
  for (const [key, value] of Object.entries(behaviour.annotations ?? {})) context.annotate?.(key, value)
  for (const text of behaviour.warnings ?? []) context.warn?.(text)
  if (behaviour.panics === true) throw new TypeError('panic')
  const outcome = (): Authentication | undefined => {
    if (behaviour.returns === 'no-opinion') return undefined
    // A user with an error is an error here by construction: an authenticator either returns or throws.
    if (behaviour.returns !== 'authenticated') throw unavailable(behaviour.text ?? '')
    return {
      user: userOf(behaviour.user ?? { name: '' }),
      ...(behaviour.audiences !== undefined && { audiences: behaviour.audiences }),
    }
  }
  if (behaviour.takes_ms === undefined) return outcome()
  return new Promise((resolve) => setTimeout(resolve, behaviour.takes_ms)).then(outcome)
}

/** A vector's user, as ours. */
export function userOf(user: VectorUser): Authentication['user'] {
  return userInfo({
    username: user.name,
    uid: user.uid ?? '',
    groups: user.groups ?? [],
    extra: user.extra ?? {},
  })
}

/** Our user, as a vector's. */
export function vectorUserOf(user: Authentication['user']): VectorUser {
  return { name: user.username, uid: user.uid, groups: user.groups, extra: user.extra }
}

/** The outcome of a call, in the terms of `expect`. */
export async function outcomeOf(
  ask: () => Awaitable<Authentication | undefined>,
): Promise<Record<string, unknown> & { readonly authentication?: Authentication }> {
  try {
    const authentication = await ask()
    if (authentication === undefined) return { outcome: 'no-opinion' }
    return {
      outcome: 'authenticated',
      user: vectorUserOf(authentication.user),
      audiences: authentication.audiences ?? [],
      authentication,
    }
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error
    return { outcome: 'error', error: error.message }
  }
}
