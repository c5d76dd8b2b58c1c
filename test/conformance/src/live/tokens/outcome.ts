import { isAuthenticationError } from '@kube-authn/core/internal'
import type { TokenAuthenticator, UserInfo } from '@kube-authn/core'
import { type Difference, differencesOf } from '../difference.ts'

/** The outcome of a token, from kube-apiserver or from us. */
export interface Outcome {
  readonly user?: UserInfo
  readonly audiences?: readonly string[]
  readonly error?: string
  /** No opinion. */
  readonly none?: true
}

/** Authenticates a token. A refusal is an outcome; other errors are rethrown. */
export async function outcomeOf(
  tokens: TokenAuthenticator,
  token: string,
  audiences?: readonly string[],
): Promise<Outcome> {
  try {
    const known = await tokens.authenticateToken(token, { ...(audiences && { audiences }) })
    if (known === undefined) return { none: true }
    return { user: known.user, ...(known.audiences && { audiences: known.audiences }) }
  } catch (error) {
    if (!isAuthenticationError(error)) throw error
    return { error: error.message }
  }
}

/** How two outcomes differ: in kind, or in the user. Error messages are not compared. */
export function outcomeDifferences(there: Outcome, here: Outcome): readonly Difference[] {
  if (kindOf(there) !== kindOf(here)) return [{ at: 'outcome', there: shown(there), here: shown(here) }]
  return there.user === undefined ? [] : differencesOf(there.user, here.user, 'user')
}

/** Whether it is a user only here, and only there. */
export const isOnlyHere = ({ at, here }: Difference): boolean =>
  at === 'outcome' && String(here).startsWith('user ')
export const isOnlyThere = ({ at, there }: Difference): boolean =>
  at === 'outcome' && String(there).startsWith('user ')

function kindOf({ user, none }: Outcome): string {
  if (user !== undefined) return 'user'
  return none === true ? 'no opinion' : 'error'
}

function shown({ user, none, error = '' }: Outcome): string {
  if (user !== undefined) return `user ${user.username}`
  return none === true ? 'no opinion' : `error ${error}`
}
