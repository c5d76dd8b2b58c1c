import type { Authentication } from '../authenticator.ts'
import { isImmutableUser, userInfo } from '../user.ts'

/**
 * The same answer, with a user that nobody can change: a copy, unless it is one already.
 *
 * @throws {TypeError} when it is no user: an authenticator in plain JavaScript may answer with anything.
 */
export function withImmutableUser(answer: Authentication): Authentication {
  const { user } = answer
  if (isImmutableUser(user)) return answer
  if (!isWellFormed(user)) throw new TypeError('an authenticator answered with a malformed user')
  return { ...answer, user: userInfo(user) }
}

/** Whether everything in it has the type it should have; all but the name may be missing. */
function isWellFormed({ uid, groups, extra }: Partial<Authentication['user']>): boolean {
  return (
    (uid === undefined || typeof uid === 'string') &&
    (groups === undefined || isListOfTexts(groups)) &&
    (extra === undefined || Object.values(extra).every(isListOfTexts))
  )
}

function isListOfTexts(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}
